/* tools/check_settings.c   One row per rule that the type of a setting can't say. A node would find these faults too,
 * one after the other and later; here they are all told at once, with file and line. */
#include "check_settings.h"

#include "base/check.h"
#include "conn/admission.h"
#include "node/address.h"
#include "read_settings.h"

struct checking {
    const struct settings *settings;
    const struct broker_values *values;
    struct arena *arena;
};

/* A rule returns what is wrong, as a sentence, or TEXT_NULL. */
struct rule {
    const char *setting;
    struct text (*look)(const struct checking *checking);
};

static bool holds(const struct text_list *list, struct text item)
{
    for (int32_t i = 0; i < list->count; i++) {
        if (text_equal(text_trim(list->items[i]), item)) return true;
    }
    return false;
}

static struct text look_places(const struct checking *checking, const struct text_list *list, const char *setting)
{
    for (int32_t i = 0; i < list->count; i++) {
        struct text name, host;
        uint16_t port;
        if (address_listener(list->items[i], &name, &host, &port)) continue;
        return text_format(checking->arena, "%s: '%.*s' is not NAME://host:port", setting, TEXT_ARGS(list->items[i]));
    }
    return TEXT_NULL;
}

static bool is_told(const struct broker_values *values, struct text wanted)
{
    struct text name, host;
    uint16_t port;

    for (int32_t i = 0; i < values->listeners.count; i++) {
        if (address_listener(values->listeners.items[i], &name, &host, &port) && text_equal(name, wanted)) return true;
    }
    return false;
}

static struct text look_listeners(const struct checking *checking)
{
    const struct broker_values *values = checking->values;
    struct text name, host, wrong = look_places(checking, &values->listeners, "listeners");
    uint16_t port;

    bool reachable = false;
    for (int32_t i = 0; i < values->listeners.count && !wrong.data; i++) {
        (void)address_listener(values->listeners.items[i], &name, &host, &port);
        if (holds(&values->controller_listeners, name)) continue;
        struct text protocol = address_protocol(values->protocol_map, name);
        reachable = true;
        if (text_equal(protocol, TEXT("PLAINTEXT"))) continue;
        wrong = text_format(checking->arena, "listeners: %.*s speaks %.*s, and only PLAINTEXT is there yet",
                            TEXT_ARGS(name), TEXT_ARGS(protocol));
    }
    if (wrong.data || reachable) return wrong;
    return TEXT("listeners names nothing that clients can reach");
}

static struct text look_advertised(const struct checking *checking)
{
    const struct broker_values *values = checking->values;
    struct text name, host, wrong = look_places(checking, &values->advertised_listeners, "advertised.listeners");
    uint16_t port;

    for (int32_t i = 0; i < values->advertised_listeners.count && !wrong.data; i++) {
        (void)address_listener(values->advertised_listeners.items[i], &name, &host, &port);
        if (!is_told(values, name)) {
            return text_format(checking->arena, "advertised.listeners: there is no %.*s in listeners", TEXT_ARGS(name));
        }
        if (text_equal(host, TEXT("0.0.0.0")) || text_equal(host, TEXT("::"))) {
            return TEXT("advertised.listeners can't be the address that stands for all; leave the setting out, and "
                        "each client is told the one that it reached");
        }
    }
    return wrong;
}

static struct text look_roles(const struct checking *checking)
{
    const struct text_list *roles = &checking->values->roles;

    if (roles->count == 0 || (holds(roles, TEXT("broker")) && holds(roles, TEXT("controller")))) return TEXT_NULL;
    return TEXT("process.roles: a node is broker and controller in one, for now");
}

static struct text look_directories(const struct checking *checking)
{
    if (checking->values->log_dirs.count <= 1 && checking->values->log_dir.count <= 1) return TEXT_NULL;
    return TEXT("log.dirs: one directory only, for now");
}

static struct text look_http(const struct checking *checking)
{
    struct text listen = checking->values->http_listen, host;
    uint16_t port;

    if (listen.size == 0 || address_split(listen, &host, &port)) return TEXT_NULL;
    return text_format(checking->arena, "sluice.http.listen: '%.*s' is not host:port", TEXT_ARGS(listen));
}

static struct text look_overrides(const struct checking *checking)
{
    struct admission admission = { .seed = 0 };
    const char *why = NULL;

    if (admission_override(&admission, checking->values->connections_per_ip_overrides, &why)) return TEXT_NULL;
    return text_of(why);
}

static struct text look_voters(const struct checking *checking)
{
    if (checking->values->quorum_voters.count <= 1) return TEXT_NULL;
    return TEXT("controller.quorum.voters: a quorum of one node only, for now");
}

/* Who asks for access control must not get a node that lets everybody in. */
static struct text look_authorizer(const struct checking *checking)
{
    const struct setting *row = setting_find(&broker_table, TEXT("authorizer.class.name"));
    const struct property *origin = checking->settings->origins[row - broker_table.rows];

    if (!origin || text_trim(origin->value).size == 0) return TEXT_NULL;
    return TEXT("authorizer.class.name: there is no access control yet, and a node without it would let everybody in");
}

/* clang-format off */
static const struct rule rules[] = {
    { "listeners",                        look_listeners },
    { "advertised.listeners",             look_advertised },
    { "process.roles",                    look_roles },
    { "log.dirs",                         look_directories },
    { "max.connections.per.ip.overrides", look_overrides },
    { "sluice.http.listen",               look_http },
    { "controller.quorum.voters",         look_voters },
    { "authorizer.class.name",            look_authorizer },
};
/* clang-format on */

uint32_t check_settings(const struct settings *settings, struct arena *arena, FILE *out)
{
    const struct checking checking = { settings, &settings->values, arena };
    uint32_t count = 0;

    for (size_t i = 0; i < array_count(rules); i++) {
        struct text wrong = rules[i].look(&checking);
        if (!wrong.data) continue;
        const struct setting *row = setting_find(&broker_table, text_of(rules[i].setting));
        invariant(row != NULL);
        print_complaint(settings->origins[row - broker_table.rows], wrong, out);
        count++;
    }
    return count;
}
