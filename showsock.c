/* SPDX-License-Identifier: MIT */
/* showsock.c - a socket in words and as JSON */
#include "showsock.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "fields.h"
#include "names.h"
#include "text.h"

#define ADDRESS_LEN     128     /* of an address in words */

#define S(member, kind, key, names)     FIELD(struct img_socket, member, kind, key, names)

#define S_IF(known, member, kind, key, names)   FIELD_IF(known, struct img_socket, member, kind, key, names)

enum { HAS_STATE = 1, HAS_INODE = 2, HAS_NETNS = 4, HAS_PEER = 8, HAS_PEER_INODE = 16, HAS_IN = 32, HAS_OUT = 64 };

static const char ip_protocols[] =
        "IPPROTO_\0" "IP\0ICMP\0IGMP\0" "6TCP\0" "17UDP\0" "33DCCP\0" "41IPV6\0" "47GRE\0" "50ESP\0AH\0" "58ICMPV6\0"
        "132SCTP\0" "136UDPLITE\0" "255RAW\0" "262MPTCP\0";

static const char netlink_protocols[] =
        "NETLINK_\0" "ROUTE\0UNUSED\0USERSOCK\0FIREWALL\0SOCK_DIAG\0NFLOG\0XFRM\0SELINUX\0ISCSI\0AUDIT\0FIB_LOOKUP\0CONNECTOR\0"
        "NETFILTER\0IP6_FW\0DNRTMSG\0KOBJECT_UEVENT\0GENERIC\0" "18SCSITRANSPORT\0ECRYPTFS\0RDMA\0CRYPTO\0SMC\0";

static const char tcp_states[] =
        "TCP_\0" "1ESTABLISHED\0SYN_SENT\0SYN_RECV\0FIN_WAIT1\0FIN_WAIT2\0TIME_WAIT\0CLOSE\0CLOSE_WAIT\0LAST_ACK\0LISTEN\0"
        "CLOSING\0NEW_SYN_RECV\0";

const struct field showsock_fields[] = {
        S(family, FIELD_NAME, "family",
          "AF_\0" "UNSPEC\0UNIX\0INET\0AX25\0IPX\0" "10INET6\0" "15KEY\0NETLINK\0PACKET\0" "21RDS\0" "29CAN\0TIPC\0BLUETOOTH\0"
          "38ALG\0NFC\0VSOCK\0KCM\0QIPCRTR\0SMC\0XDP\0MCTP\0"),
        S(type, FIELD_NAME, ",type", "SOCK_\0" "1STREAM\0DGRAM\0RAW\0RDM\0SEQPACKET\0DCCP\0" "10PACKET\0"),
        S(protocol, FIELD_INT, "-protocol", NULL),
        S(listening, FIELD_YES, ",listening", NULL),
        S_IF(HAS_STATE, tcp_state, FIELD_NAME, "?tcp_state", tcp_states),
        S(in_queued, FIELD_SIZE, "-in_queued", NULL),
        S(out_queued, FIELD_SIZE, "-out_queued", NULL),
        S_IF(HAS_INODE, ino, FIELD_UINT, "inode", NULL),
        S_IF(HAS_NETNS, netns_ino, FIELD_UINT, ",netns_inode", NULL),
        S_IF(HAS_PEER, peer_pid, FIELD_INT, "?peer_pid", NULL),
        S_IF(HAS_PEER, peer_uid, FIELD_UINT, ",peer_uid", NULL),
        S_IF(HAS_PEER, peer_gid, FIELD_UINT, ",peer_gid", NULL),
        S_IF(HAS_PEER_INODE, peer_ino, FIELD_UINT, "?peer_inode", NULL),
        { 0 },
};

/* Of the kernel's struct tcp_info. */
#define TCP8(at, kind, key, names)      { key, names, at, 1, kind, 0 }
#define TCP32(at, kind, key)            { key, NULL, at, 4, kind, 0 }
static const struct field tcp_fields[] = {
        TCP8(1, FIELD_NAME, "ca_state", "TCP_CA_\0" "Open\0Disorder\0CWR\0Recovery\0Loss\0"),
        TCP8(2, FIELD_UINT, ",retransmits", NULL),
        TCP8(3, FIELD_UINT, ",probes", NULL),
        TCP8(5, FIELD_BITS, "tcp_options", "TCPI_OPT_\0" "TIMESTAMPS\0SACK\0WSCALE\0ECN\0ECN_SEEN\0SYN_DATA\0USEC_TS\0TFO_CHILD\0"),
        TCP32(8, FIELD_UINT, ",rto_us"),
        TCP32(16, FIELD_UINT, ",snd_mss"),
        TCP32(20, FIELD_UINT, ",rcv_mss"),
        TCP32(24, FIELD_UINT, "unacked"),
        TCP32(32, FIELD_UINT, ",lost"),
        TCP32(60, FIELD_UINT, ",pmtu"),
        TCP32(68, FIELD_UINT, ",rtt_us"),
        TCP32(72, FIELD_UINT, ",rttvar_us"),
        TCP32(80, FIELD_UINT, ",snd_cwnd"),
        TCP32(100, FIELD_UINT, ",total_retrans"),
        { 0 },
};

static const struct level {
        int32_t level;
        const char *options;
} levels[] = {
        { 0, "IP_\0" "1TOS\0TTL\0HDRINCL\0OPTIONS\0ROUTER_ALERT\0RECVOPTS\0RETOPTS\0PKTINFO\0PKTOPTIONS\0MTU_DISCOVER\0RECVERR\0RECVTTL\0"
          "RECVTOS\0MTU\0FREEBIND\0IPSEC_POLICY\0XFRM_POLICY\0PASSSEC\0TRANSPARENT\0ORIGDSTADDR\0MINTTL\0NODEFRAG\0CHECKSUM\0"
          "BIND_ADDRESS_NO_PORT\0RECVFRAGSIZE\0RECVERR_RFC4884\0" "32MULTICAST_IF\0MULTICAST_TTL\0MULTICAST_LOOP\0"
          "49MULTICAST_ALL\0UNICAST_IF\0LOCAL_PORT_RANGE\0PROTOCOL\0" },
        { 1, "SO_\0" "1DEBUG\0REUSEADDR\0TYPE\0ERROR\0DONTROUTE\0BROADCAST\0SNDBUF\0RCVBUF\0KEEPALIVE\0OOBINLINE\0NO_CHECK\0PRIORITY\0"
          "LINGER\0BSDCOMPAT\0REUSEPORT\0PASSCRED\0PEERCRED\0RCVLOWAT\0SNDLOWAT\0RCVTIMEO\0SNDTIMEO\0" "25BINDTODEVICE\0"
          "29TIMESTAMP\0ACCEPTCONN\0" "34PASSSEC\0TIMESTAMPNS\0MARK\0TIMESTAMPING\0PROTOCOL\0DOMAIN\0RXQ_OVFL\0WIFI_STATUS\0PEEK_OFF\0"
          "NOFCS\0LOCK_FILTER\0SELECT_ERR_QUEUE\0BUSY_POLL\0MAX_PACING_RATE\0BPF_EXTENSIONS\0INCOMING_CPU\0" "55MEMINFO\0"
          "INCOMING_NAPI_ID\0COOKIE\0" "60ZEROCOPY\0TXTIME\0BINDTOIFINDEX\0TIMESTAMP_NEW\0TIMESTAMPNS_NEW\0TIMESTAMPING_NEW\0"
          "RCVTIMEO_NEW\0SNDTIMEO_NEW\0" "69PREFER_BUSY_POLL\0BUSY_POLL_BUDGET\0NETNS_COOKIE\0BUF_LOCK\0RESERVE_MEM\0TXREHASH\0RCVMARK\0"
          "PASSPIDFD\0" },
        { 6, "TCP_\0" "1NODELAY\0MAXSEG\0CORK\0KEEPIDLE\0KEEPINTVL\0KEEPCNT\0SYNCNT\0LINGER2\0DEFER_ACCEPT\0WINDOW_CLAMP\0INFO\0QUICKACK\0"
          "CONGESTION\0MD5SIG\0" "16THIN_LINEAR_TIMEOUTS\0THIN_DUPACK\0USER_TIMEOUT\0REPAIR\0REPAIR_QUEUE\0QUEUE_SEQ\0REPAIR_OPTIONS\0"
          "FASTOPEN\0TIMESTAMP\0NOTSENT_LOWAT\0CC_INFO\0SAVE_SYN\0SAVED_SYN\0REPAIR_WINDOW\0FASTOPEN_CONNECT\0ULP\0MD5SIG_EXT\0"
          "FASTOPEN_KEY\0FASTOPEN_NO_COOKIE\0ZEROCOPY_RECEIVE\0INQ\0TX_DELAY\0" },
        { 17, "UDP_\0" "1CORK\0" "100ENCAP\0NO_CHECK6_TX\0NO_CHECK6_RX\0SEGMENT\0GRO\0" },
        { 41, "IPV6_\0" "1ADDRFORM\0" "7CHECKSUM\0" "16UNICAST_HOPS\0MULTICAST_IF\0MULTICAST_HOPS\0MULTICAST_LOOP\0"
          "22ROUTER_ALERT\0MTU_DISCOVER\0MTU\0RECVERR\0V6ONLY\0" "29MULTICAST_ALL\0ROUTER_ALERT_ISOLATE\0RECVERR_RFC4884\0"
          "33FLOWINFO_SEND\0" "49RECVPKTINFO\0PKTINFO\0RECVHOPLIMIT\0HOPLIMIT\0RECVHOPOPTS\0" "66RECVTCLASS\0TCLASS\0"
          "70AUTOFLOWLABEL\0" "72ADDR_PREFERENCES\0MINHOPCOUNT\0ORIGDSTADDR\0TRANSPARENT\0UNICAST_IF\0RECVFRAGSIZE\0FREEBIND\0" },
        { 263, "PACKET_\0" "5RX_RING\0STATISTICS\0" "8AUXDATA\0ORIGDEV\0VERSION\0HDRLEN\0RESERVE\0TX_RING\0LOSS\0VNET_HDR\0"
          "TX_TIMESTAMP\0TIMESTAMP\0FANOUT\0TX_HAS_OFF\0QDISC_BYPASS\0" "23IGNORE_OUTGOING\0" },
        { 270, "NETLINK_\0" "3PKTINFO\0BROADCAST_ERROR\0NO_ENOBUFS\0" "8LISTEN_ALL_NSID\0LIST_MEMBERSHIPS\0"
          "CAP_ACK\0EXT_ACK\0GET_STRICT_CHK\0" },
};

/* What waits: bytes, or the connections of one that listens. */
static const struct field byte_fields[] = {
        S(in_queued, FIELD_SIZE, "in_queued", NULL),
        S(out_queued, FIELD_SIZE, ",out_queued", NULL),
        { 0 },
};
static const struct field connection_fields[] = {
        S_IF(HAS_IN, in_queued, FIELD_UINT, "connections", NULL),
        S_IF(HAS_OUT, out_queued, FIELD_UINT, ",at_most", NULL),
        { 0 },
};

static const char *option_name(const struct img_sockopt *o, char buf[NAMES_LEN])
{
        for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
                if (levels[i].level == o->level)
                        return name_in(levels[i].options, o->option, buf);
        return NULL;
}

static const char *protocol_name(const struct img_socket *s, char buf[NAMES_LEN])
{
        if (s->family == AF_INET || s->family == AF_INET6)
                return name_in(ip_protocols, s->protocol, buf);
        return s->family == AF_NETLINK ? name_in(netlink_protocols, s->protocol, buf) : NULL;
}

/* 0: it is none. *known: HAS_*. */
static int get_socket(const struct model_fd *f, struct img_socket *to, uint32_t *known)
{
        const struct model_str *s = model_str(&f->strs, IMG_FSTR_SOCKET);

        if (!s || s->kept < sizeof(*to))
                return 0;
        memcpy(to, s->p, sizeof(*to));
        *known = (to->tcp_state != -1 ? HAS_STATE : 0) | (to->ino ? HAS_INODE : 0) | (to->netns_ino ? HAS_NETNS : 0) |
                 (to->peer_pid ? HAS_PEER : 0) | (to->peer_ino ? HAS_PEER_INODE : 0) |
                 (to->in_queued != UINT64_MAX ? HAS_IN : 0) | (to->out_queued != UINT64_MAX ? HAS_OUT : 0);
        return 1;
}

static unsigned u16(const char *p)
{
        return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

static uint32_t u32(const char *p)
{
        uint32_t n;

        memcpy(&n, p, sizeof(n));
        return n;
}

/*
 * A struct sockaddr in words, at most ADDRESS_LEN bytes of any value: these are
 * how many. -1: of no family that we know, or too short for it.
 */
static int address(const struct model_str *s, char to[ADDRESS_LEN])
{
        char host[INET6_ADDRSTRLEN], scope[16] = "";
        const char *p = s->p;
        uint16_t family = 0;
        size_t n;

        if (s->kept >= 2)
                memcpy(&family, p, 2);
        if (family == AF_UNIX && s->kept == 2)
                return snprintf(to, ADDRESS_LEN, "unnamed");
        if (family == AF_UNIX && s->kept <= 2 + 108) {
                n = p[2] ? strlen(p + 2) : s->kept - 2;
                memcpy(to, p + 2, n);
                if (!p[2])
                        *to = '@';
                return (int)n;
        }
        if (family == AF_INET && s->kept >= 16 && inet_ntop(AF_INET, p + 4, host, sizeof(host)))
                return snprintf(to, ADDRESS_LEN, "%s:%u", host, u16(p + 2));
        if (family == AF_INET6 && s->kept >= 24 && inet_ntop(AF_INET6, p + 8, host, sizeof(host))) {
                if (s->kept >= 28 && u32(p + 24))
                        snprintf(scope, sizeof(scope), "%%%" PRIu32, u32(p + 24));
                return snprintf(to, ADDRESS_LEN, "[%s%s]:%u", host, scope, u16(p + 2));
        }
        if (family == AF_NETLINK && s->kept >= 12)
                return snprintf(to, ADDRESS_LEN, "port %" PRIu32 ", groups %#" PRIx32, u32(p + 4), u32(p + 8));
        if (family == AF_PACKET && s->kept >= 12)
                return snprintf(to, ADDRESS_LEN, "interface %" PRIu32 ", protocol %#x", u32(p + 4), u16(p + 2));
        if (family == AF_VSOCK && s->kept >= 12)
                return snprintf(to, ADDRESS_LEN, "%" PRIu32 ":%" PRIu32, u32(p + 8), u32(p + 4));
        return -1;
}

static void address_text(const char *key, const struct model_str *s)
{
        char buf[ADDRESS_LEN];
        int n = s ? address(s, buf) : 0;

        if (!s)
                return;
        text_item(key);
        if (n >= 0)
                text_bytes(buf, (size_t)n);
        for (uint32_t i = 0; n < 0 && i < s->kept && i < ADDRESS_LEN; i++)
                printf("%02x", (unsigned char)s->p[i]);
        putchar('\n');
}

static void options_text(const struct model_str *s)
{
        int column = s && s->kept ? text_item("options") : 0;
        struct img_sockopt o;
        char name[NAMES_LEN], word[2 * NAMES_LEN];

        for (uint32_t at = 0; s && s->kept - at >= sizeof(o); at += sizeof(o)) {
                memcpy(&o, s->p + at, sizeof(o));
                if (!option_name(&o, name))
                        snprintf(name, sizeof(name), "%" PRId32 "/%" PRId32, o.level, o.option);
                snprintf(word, sizeof(word), "%s=%" PRId64, name, o.value);
                text_word(word, &column);
        }
        if (column)
                putchar('\n');
}

void showsock_text(const struct model_fd *f)
{
        const struct model_str *tcp = model_str(&f->strs, IMG_FSTR_TCP_INFO);
        struct img_socket s;
        char buf[NAMES_LEN];
        uint32_t known;

        if (get_socket(f, &s, &known)) {
                text_item("protocol");
                if (protocol_name(&s, buf))
                        printf("%s", buf);
                else
                        printf("%" PRId32, s.protocol);
                putchar('\n');
                fields_text(showsock_fields, &s, sizeof(s), known);
                fields_text(s.listening ? connection_fields : byte_fields, &s, sizeof(s), known);
        }
        address_text("local", model_str(&f->strs, IMG_FSTR_NAME));
        address_text("peer", model_str(&f->strs, IMG_FSTR_PEER));
        options_text(model_str(&f->strs, IMG_FSTR_OPTIONS));
        if (tcp)
                fields_text(tcp_fields, tcp->p, tcp->kept, 0);
}

static void address_json(struct json *j, const char *key, const char *raw, const struct model_str *s)
{
        char buf[ADDRESS_LEN];
        int n = s ? address(s, buf) : -1;

        json_string(j, key, n < 0 ? NULL : buf, (size_t)n);
        json_raw(j, raw, s ? s->p : NULL, s ? s->kept : 0);
}

static void options_json(struct json *j, const struct model_str *s)
{
        struct img_sockopt o;
        char name[NAMES_LEN];

        if (!s) {
                json_null(j, "options");
                return;
        }
        json_open(j, "options", '[');
        for (uint32_t at = 0; s->kept - at >= sizeof(o); at += sizeof(o)) {
                memcpy(&o, s->p + at, sizeof(o));
                json_open(j, NULL, '{');
                json_int(j, "level", o.level);
                json_int(j, "option", o.option);
                json_text(j, "name", option_name(&o, name));
                json_hex(j, "value", (uint64_t)o.value);
                json_close(j, '}');
        }
        json_close(j, ']');
}

void showsock_json(struct json *j, const struct model_fd *f)
{
        const struct model_str *tcp = model_str(&f->strs, IMG_FSTR_TCP_INFO);
        struct img_socket s;
        char buf[NAMES_LEN];
        uint32_t known;

        if (!get_socket(f, &s, &known)) {
                json_null(j, "socket");
                return;
        }
        json_open(j, "socket", '{');
        fields_json(j, showsock_fields, &s, sizeof(s), known);
        json_text(j, "protocol_name", protocol_name(&s, buf));
        address_json(j, "local", "local_raw", model_str(&f->strs, IMG_FSTR_NAME));
        address_json(j, "peer", "peer_raw", model_str(&f->strs, IMG_FSTR_PEER));
        options_json(j, model_str(&f->strs, IMG_FSTR_OPTIONS));
        if (tcp) {
                json_open(j, "tcp_info", '{');
                fields_json(j, tcp_fields, tcp->p, tcp->kept, 0);
                json_raw(j, "raw", tcp->p, tcp->kept);
                json_close(j, '}');
        } else {
                json_null(j, "tcp_info");
        }
        json_close(j, '}');
}
