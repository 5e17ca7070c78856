/* net/http/clients_page.c   A page of its own, because nobody should store a series per connection; it is for
 * people and `sluice top`, in the format of /metrics, so that one reader reads both. At most SURVEY_CLIENTS_MAX
 * connections. */
#include "http/clients_page.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/sink.h"

enum { LABELS_MAX = 256 };

struct client_row {
    struct metric row;
    int64_t (*value)(const struct client_fact *client);
};

static int64_t requests_of(const struct client_fact *client)
{
    return (int64_t)client->traffic.requests;
}
static int64_t received_of(const struct client_fact *client)
{
    return (int64_t)client->traffic.bytes_in;
}
static int64_t sent_of(const struct client_fact *client)
{
    return (int64_t)client->traffic.bytes_out;
}
static int64_t in_flight_of(const struct client_fact *client)
{
    return client->in_flight;
}
static int64_t owed_of(const struct client_fact *client)
{
    return (int64_t)client->owed;
}
static int64_t stalled_of(const struct client_fact *client)
{
    return client->stalled;
}
static int64_t idle_of(const struct client_fact *client)
{
    return client->idle_ns;
}

#define ROW(of, name, type, unit, help)                                        \
    {                                                                          \
        { (name), (type), (unit), METRIC_SUM, NULL, NULL, 1, (help) }, of##_of \
    }

/* clang-format off */
static const struct client_row rows[] = {
    ROW(requests,  "sluice_client_requests_total",       METRIC_COUNTER, METRIC_NO_UNIT, "requests of the connection"),
    ROW(received,  "sluice_client_received_bytes_total", METRIC_COUNTER, METRIC_BYTES,   "bytes received in frames"),
    ROW(sent,      "sluice_client_sent_bytes_total",     METRIC_COUNTER, METRIC_BYTES,   "bytes sent in answers"),
    ROW(in_flight, "sluice_client_in_flight",            METRIC_GAUGE,   METRIC_NO_UNIT, "requests under way"),
    ROW(owed,      "sluice_client_owed_bytes",           METRIC_GAUGE,   METRIC_BYTES,   "bytes not sent yet"),
    ROW(stalled,   "sluice_client_stalled",              METRIC_GAUGE,   METRIC_NO_UNIT, "1: not read: no room"),
    ROW(idle,      "sluice_client_idle_seconds",         METRIC_GAUGE,   METRIC_NS_AS_SECONDS,
        "since its last request or answer"),
};
/* clang-format on */

/* IPv4 as people write it. */
static void address_write(const struct client_fact *client, char *address, size_t size)
{
    const struct in6_addr *peer = &client->peer;
    char host[INET6_ADDRSTRLEN] = "?";

    if (IN6_IS_ADDR_V4MAPPED(peer)) {
        (void)inet_ntop(AF_INET, &peer->s6_addr[12], host, sizeof(host));
        (void)snprintf(address, size, "%s:%u", host, client->port);
    } else {
        (void)inet_ntop(AF_INET6, peer, host, sizeof(host));
        (void)snprintf(address, size, "[%s]:%u", host, client->port);
    }
}

/* A client id is what a client says: what is not plain ASCII becomes ?. */
static void name_write(const char *client, char *escaped, uint32_t size)
{
    char clean[CLIENT_NAME_MAX];
    uint32_t at = 0;

    for (; client[at] && at + 1 < sizeof(clean); at++) {
        unsigned char letter = (unsigned char)client[at];
        clean[at] = (char)(letter < ' ' || letter >= 127 ? '?' : letter);
    }
    clean[at] = '\0';
    metric_escape(clean, escaped, size);
}

static void write_row(const struct survey *survey, const struct client_row *row, struct sink *sink)
{
    char labels[LABELS_MAX], address[INET6_ADDRSTRLEN + 16], name[2 * CLIENT_NAME_MAX];

    metric_write_head(sink, &row->row);
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        const struct survey_part *part = &survey->parts[i];
        for (uint32_t j = 0; !part->silent && j < part->client_count; j++) {
            const struct client_fact *client = &part->clients[j];
            address_write(client, address, sizeof(address));
            name_write(client->traffic.client, name, sizeof(name));
            (void)snprintf(labels, sizeof(labels), "address=\"%s\",client=\"%s\",shard=\"%u\"", address, name, i);
            metric_write_value(sink, &row->row, NULL, labels, row->value(client));
        }
    }
}

void clients_page_write(struct pages *pages, int patience_ms, struct sink *sink)
{
    if (!pages->node || node_stopping(pages->node)) return;
    survey_take_clients(&pages->survey, patience_ms);
    for (size_t i = 0; i < array_count(rows); i++) write_row(&pages->survey, &rows[i], sink);
    survey_drop_clients(&pages->survey);
}
