/* tools/kafka_quotas.c   kafka-configs of users, clients and addresses: their quotas, and the SCRAM credentials of
 * users. A password is salted and iterated here; what goes to the cluster is not it. KIP-546, KIP-554. */
#include <netdb.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/codes.h"
#include "cluster/access.h"
#include "command.h"
#include "kafka_configs.h"
#include "messages/alter_client_quotas.h"
#include "messages/alter_scram_credentials.h"
#include "messages/describe_client_quotas.h"
#include "messages/describe_scram_credentials.h"
#include "output.h"

enum { CODE_RESOURCE_NOT_FOUND = 91 };
enum { MATCH_NAME, MATCH_DEFAULT, MATCH_ANY };

/* In the order in which Kafka prints the parts of an entity. */
static const struct {
    const char *plural, *type, *shown;
} kinds[] = {
    { "users", "user", "user-principal" },
    { "clients", "client-id", "client-id" },
    { "ips", "ip", "ip" },
};

static const struct mechanism {
    const char *name, *constant;
    const EVP_MD *(*hash)(void);
} mechanisms[] = {
    [1] = { "SCRAM-SHA-256", "SCRAM_SHA_256", EVP_sha256 },
    [2] = { "SCRAM-SHA-512", "SCRAM_SHA_512", EVP_sha512 },
};
enum { ITERATIONS_LEAST = 4096, ITERATIONS_MOST = 16384, SALT_SIZE = 32 };

static const char *type_of(const char *plural)
{
    for (size_t i = 0; i < array_count(kinds); i++) {
        if (strcmp(kinds[i].plural, plural) == 0) return kinds[i].type;
    }
    return NULL;
}

bool kafka_quotas_has(const char *plural)
{
    return type_of(plural) != NULL;
}

static bool names_kind(const struct kafka_named *named, const char *plural)
{
    for (uint32_t i = 0; i < named->plural_count; i++) {
        if (strcmp(named->plurals[i], plural) == 0) return true;
    }
    return false;
}

static bool names_default(const struct kafka_named *named)
{
    for (uint32_t i = 0; i < named->name_count; i++) {
        if (!*named->names[i]) return true;
    }
    return false;
}

bool kafka_quotas_check(const char *called, const struct kafka_named *named)
{
    struct addrinfo *found = NULL;

    if (!names_kind(named, "ips") || named->name_count == 0 || !*named->names[0]) return true;
    if (getaddrinfo(named->names[0], NULL, NULL, &found) == 0) {
        freeaddrinfo(found);
        return true;
    }
    complain(called, "The entity name for ips must be a valid IP or resolvable host, but it is: %s", named->names[0]);
    return false;
}

/* ---- describe ---- */

/* As Java prints a double: the shortest digits that mean it, 1.0E7 from ten millions on. */
static void print_real(double n)
{
    char digits[40];
    int precision = 0;

    do {
        (void)snprintf(digits, sizeof(digits), "%.*e", precision, n);
    } while (strtod(digits, NULL) != n && precision++ < 16);
    int exponent = (int)strtol(strchr(digits, 'e') + 1, NULL, 10);
    if (n == 0 || (exponent >= -3 && exponent < 7)) {
        printf("%.*f", max_of(precision - exponent, 1), n);
    } else {
        printf("%.*s%sE%d", (int)(strchr(digits, 'e') - digits), digits, precision == 0 ? ".0" : "", exponent);
    }
}

static void print_entity(const struct describe_client_quotas_entry *entry)
{
    const char *before = "";

    for (size_t k = 0; k < array_count(kinds); k++) {
        for (int32_t i = 0; i < entry->entity.count; i++) {
            const struct describe_client_quotas_entity *part = &entry->entity.items[i];
            if (!text_equal(part->type, text_of(kinds[k].type))) continue;
            if (part->name.data) {
                printf("%s%s '%.*s'", before, kinds[k].shown, TEXT_ARGS(part->name));
            } else {
                printf("%sthe default %s", before, kinds[k].shown);
            }
            before = ", ";
        }
    }
}

static bool quotas_ask(struct session *session, const struct kafka_named *named,
                       struct describe_client_quotas_answer *answer)
{
    struct describe_client_quotas_component parts[KAFKA_KINDS_MAX];
    const struct describe_client_quotas_ask ask = { .components = { parts, (int32_t)named->plural_count },
                                                    .strict = true };

    for (uint32_t i = 0; i < named->plural_count; i++) {
        const char *name = i < named->name_count ? named->names[i] : NULL;
        parts[i] = (struct describe_client_quotas_component){ .type = text_of(type_of(named->plurals[i])) };
        parts[i].match_type = MATCH_ANY;
        if (!name) continue;
        parts[i].match_type = MATCH_DEFAULT;
        if (!*name) continue;
        parts[i].match_type = MATCH_NAME;
        parts[i].match = text_of(name);
    }
    if (!session_ask(session, CLIENT_ANY, API_DESCRIBE_CLIENT_QUOTAS, true, &ask, answer)) return false;
    if (answer->error == CODE_NONE) return true;
    (void)session_refused(session, TEXT("quotas"), answer->error, answer->error_message);
    return false;
}

/* Only where nothing but users is asked about, and none by default. */
static int credentials_describe(struct session *session, const struct kafka_named *named)
{
    struct describe_scram_credentials_user users[KAFKA_KINDS_MAX];
    const struct describe_scram_credentials_ask ask = { .users = { users, (int32_t)named->name_count } };
    struct describe_scram_credentials_answer answer = { 0 };

    for (uint32_t i = 0; i < named->name_count; i++) users[i].name = text_of(named->names[i]);
    if (!session_ask(session, CLIENT_CONTROLLER, API_DESCRIBE_USER_SCRAM_CREDENTIALS, true, &ask, &answer)) {
        return EXIT_FAILED;
    }
    if (answer.error != CODE_NONE) {
        return session_refused(session, TEXT("credentials"), answer.error, answer.error_message);
    }
    for (int32_t i = 0; i < answer.results.count; i++) {
        const struct describe_scram_credentials_result *told = &answer.results.items[i];
        if (told->error == CODE_RESOURCE_NOT_FOUND) continue;
        if (told->error != CODE_NONE) {
            printf("Error retrieving SCRAM credential configs for user-principal '%.*s': %s\n", TEXT_ARGS(told->user),
                   code_name(told->error));
            continue;
        }
        printf("SCRAM credential configs for user-principal '%.*s' are ", TEXT_ARGS(told->user));
        for (int32_t k = 0; k < told->credentials.count; k++) {
            const struct describe_scram_credentials_credential *one = &told->credentials.items[k];
            bool known = one->mechanism > 0 && (size_t)one->mechanism < array_count(mechanisms);
            printf("%s%s=iterations=%d", k ? ", " : "", known ? mechanisms[one->mechanism].name : "UNKNOWN",
                   one->iterations);
        }
        puts("");
    }
    return EXIT_FINE;
}

int kafka_quotas_describe(struct session *session, const struct kafka_named *named)
{
    struct describe_client_quotas_answer answer = { 0 };

    if (named->name_count > named->plural_count) {
        complain(session->called, "More entity names specified than entity types");
        return EXIT_FAILED;
    }
    if (!quotas_ask(session, named, &answer)) return EXIT_FAILED;
    for (int32_t i = 0; i < answer.entries.count; i++) {
        const struct describe_client_quotas_entry *entry = &answer.entries.items[i];
        printf("Quota configs for ");
        print_entity(entry);
        for (int32_t k = 0; k < entry->values.count; k++) {
            printf("%s%.*s=", k ? ", " : " are ", TEXT_ARGS(entry->values.items[k].key));
            print_real(entry->values.items[k].value);
        }
        puts("");
    }
    if (!names_kind(named, "users") || named->plural_count > 1 || names_default(named)) return EXIT_FINE;
    return credentials_describe(session, named);
}

/* ---- alter ---- */

/* What a name is, of those that the kinds take; a set of them in one number. */
enum { NAME_UNKNOWN = 1, NAME_QUOTA = 2, NAME_CREDENTIAL = 4 };
enum { OPERATION_ANY = -1 };

static int8_t mechanism_of(struct text name)
{
    for (size_t i = 1; i < array_count(mechanisms); i++) {
        if (text_equal(name, text_of(mechanisms[i].name))) return (int8_t)i;
    }
    return 0;
}

static int name_kind(struct text name, bool of_ips)
{
    if (quota_key_has(name, of_ips)) return NAME_QUOTA;
    return !of_ips && mechanism_of(name) ? NAME_CREDENTIAL : NAME_UNKNOWN;
}

struct changing {
    struct session *session;
    const struct kafka_named *named;
    const struct incremental_alter_configs_resource_ask *changes;
    bool of_ips;
};

/* The names of those kinds, with commas between them; null: there is none. */
static struct text names_of(const struct changing *changing, int operation, int wanted, const char *comma)
{
    struct text names = TEXT_NULL;

    for (int32_t i = 0; i < changing->changes->configs.count; i++) {
        const struct incremental_alter_configs_config *change = &changing->changes->configs.items[i];
        if (operation != OPERATION_ANY && change->operation != operation) continue;
        if (!(name_kind(change->name, changing->of_ips) & wanted)) continue;
        names = text_format(&changing->session->arena, "%.*s%s%.*s", (int)names.size, names.data ? names.data : "",
                            names.data ? comma : "", TEXT_ARGS(change->name));
    }
    return names;
}

/* Do the kinds take what is to be changed? False: complained about, as Kafka's tool does. */
static bool changes_check(const struct changing *changing)
{
    const char *called = changing->session->called;
    bool of_users = names_kind(changing->named, "users") && changing->named->plural_count == 1;
    int wrong = of_users ? NAME_UNKNOWN : NAME_UNKNOWN | NAME_CREDENTIAL;
    struct text added = names_of(changing, KAFKA_CHANGE_SET, wrong, ", ");
    struct text removed = names_of(changing, KAFKA_CHANGE_DELETE, wrong, ", ");
    const char *what = of_users ? "quota and SCRAM credential configs" : "quota configs";
    const char *whose = of_users ? "users" : "clients";

    if (changing->of_ips && (added.data || removed.data)) {
        complain(called,
                 "Only connection quota configs can be added for 'ips' using --bootstrap-server. "
                 "Unexpected config names: %.*s",
                 TEXT_ARGS(names_of(changing, OPERATION_ANY, wrong, ",")));
    } else if (added.data) {
        complain(called, "Only %s can be added for '%s' using --bootstrap-server. Unexpected config names: Set(%.*s)",
                 what, whose, TEXT_ARGS(added));
    } else if (removed.data) {
        complain(called,
                 "Only %s can be deleted for '%s' using --bootstrap-server. Unexpected config names: "
                 "ArrayBuffer(%.*s)",
                 what, whose, TEXT_ARGS(removed));
    }
    return !added.data && !removed.data;
}

/* What credentials do not go with; false: complained about. */
static bool credentials_check(const struct changing *changing)
{
    if (names_default(changing->named)) {
        complain(changing->session->called,
                 "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using "
                 "--bootstrap-server.");
        return false;
    }
    if (!names_of(changing, OPERATION_ANY, NAME_QUOTA, "").data) return true;
    complain(changing->session->called, "Cannot alter both quota and SCRAM credential configs simultaneously for "
                                        "'users' using --bootstrap-server.");
    return false;
}

static int refused(struct session *session, const char *name, int16_t error, struct text message)
{
    fprintf(stderr, "Error while executing config command\n");
    return session_refused(session, text_of(name), error, message);
}

/* ---- quotas ---- */

/* What is to be removed must be there; false: complained about. */
static bool removals_check(const struct changing *changing)
{
    struct describe_client_quotas_answer answer = { 0 };
    struct text missing = TEXT_NULL;

    if (!names_of(changing, KAFKA_CHANGE_DELETE, NAME_QUOTA, "").data) return true;
    if (!quotas_ask(changing->session, changing->named, &answer)) return false;
    for (int32_t i = 0; i < changing->changes->configs.count; i++) {
        const struct incremental_alter_configs_config *change = &changing->changes->configs.items[i];
        bool found = change->operation == KAFKA_CHANGE_SET;
        for (int32_t k = 0; !found && answer.entries.count > 0 && k < answer.entries.items[0].values.count; k++) {
            found = text_equal(answer.entries.items[0].values.items[k].key, change->name);
        }
        if (found) continue;
        missing = text_format(&changing->session->arena, "%.*s%s%.*s", (int)missing.size,
                              missing.data ? missing.data : "", missing.data ? "," : "", TEXT_ARGS(change->name));
    }
    if (missing.data) complain(changing->session->called, "Invalid config(s): %.*s", TEXT_ARGS(missing));
    return !missing.data;
}

static bool quotas_read(const struct changing *changing, struct alter_client_quotas_operation *operations)
{
    for (int32_t i = 0; i < changing->changes->configs.count; i++) {
        const struct incremental_alter_configs_config *change = &changing->changes->configs.items[i];
        char *end;
        operations[i] = (struct alter_client_quotas_operation){ .key = change->name };
        operations[i].remove = change->operation == KAFKA_CHANGE_DELETE;
        if (operations[i].remove) continue;
        const char *value = text_copy(&changing->session->arena, change->value).data;
        operations[i].value = strtod(value, &end);
        if (end != value && *end == 0) continue;
        complain(changing->session->called, "Cannot parse quota configuration value for %.*s: %s",
                 TEXT_ARGS(change->name), value);
        return false;
    }
    return true;
}

static int quotas_alter(const struct changing *changing)
{
    struct session *session = changing->session;
    const struct kafka_named *named = changing->named;
    int32_t count = changing->changes->configs.count;
    struct alter_client_quotas_operation *operations = session_take(session, (size_t)(count + 1) * sizeof(*operations));
    struct alter_client_quotas_entity_ask parts[KAFKA_KINDS_MAX];
    struct alter_client_quotas_entry_ask entry = { .entity = { parts, (int32_t)named->plural_count },
                                                   .operations = { operations, count } };
    const struct alter_client_quotas_ask ask = { .entries = { &entry, 1 } };
    struct alter_client_quotas_answer answer = { 0 };

    if (named->name_count != named->plural_count) {
        complain(session->called, "An entity name must be specified for every entity type");
        return EXIT_FAILED;
    }
    for (uint32_t i = 0; i < named->plural_count; i++) {
        parts[i].type = text_of(type_of(named->plurals[i]));
        parts[i].name = *named->names[i] ? text_of(named->names[i]) : TEXT_NULL;
    }
    if (!removals_check(changing) || !quotas_read(changing, operations)) return EXIT_FAILED;
    if (!session_ask(session, CLIENT_CONTROLLER, API_ALTER_CLIENT_QUOTAS, false, &ask, &answer)) return EXIT_FAILED;
    for (int32_t i = 0; i < answer.entries.count; i++) {
        const struct alter_client_quotas_entry_answer *told = &answer.entries.items[i];
        if (told->error != CODE_NONE) return refused(session, named->names[0], told->error, told->error_message);
    }
    return EXIT_FINE;
}

/* ---- credentials ---- */

/* "iterations=8192,password=secret", or the password alone. */
static bool credential_read(struct text given, int64_t *iterations, struct text *password)
{
    struct text rest = given;

    *iterations = ITERATIONS_LEAST;
    if (text_starts(rest, TEXT("iterations="))) {
        struct text number = text_cut(&rest, ',');
        number = (struct text){ number.data + strlen("iterations="), number.size - strlen("iterations=") };
        if (!text_to_i64(number, iterations)) return false;
        if (*iterations == -1) *iterations = ITERATIONS_LEAST;
    }
    if (!rest.data || !text_starts(rest, TEXT("password="))) return false;
    *password = (struct text){ rest.data + strlen("password="), rest.size - strlen("password=") };
    return true;
}

/* False: complained about. */
static bool credential_make(struct session *session, const struct incremental_alter_configs_config *change,
                            struct alter_scram_credentials_upsertion *to)
{
    const struct mechanism *mechanism = &mechanisms[to->mechanism];
    int size = EVP_MD_get_size(mechanism->hash());
    uint8_t *salt = session_take(session, SALT_SIZE), *salted = session_take(session, (size_t)size);
    struct text password;
    int64_t iterations;

    if (!credential_read(change->value, &iterations, &password)) {
        complain(session->called, "Invalid credential property %s=%.*s", mechanism->constant, TEXT_ARGS(change->value));
        return false;
    }
    if (iterations < ITERATIONS_LEAST) {
        complain(session->called, "Iterations %lld is less than the minimum %d required for %s", (long long)iterations,
                 ITERATIONS_LEAST, mechanism->name);
        return false;
    }
    if (iterations > ITERATIONS_MOST || password.size == 0) {
        complain(session->called, password.size == 0 ? "Password must not be empty" : "Too many iterations");
        return false;
    }
    if (RAND_bytes(salt, SALT_SIZE) != 1 || PKCS5_PBKDF2_HMAC(password.data, (int)password.size, salt, SALT_SIZE,
                                                              (int)iterations, mechanism->hash(), size, salted) != 1) {
        complain(session->called, "the password can't be hashed");
        return false;
    }
    to->iterations = (int32_t)iterations;
    to->salt = (struct bytes){ salt, SALT_SIZE };
    to->salted_password = (struct bytes){ salted, (size_t)size };
    return true;
}

static int credentials_alter(const struct changing *changing)
{
    struct session *session = changing->session;
    struct text user = text_of(changing->named->names[0]);
    size_t room = (size_t)changing->changes->configs.count + 1;
    struct alter_scram_credentials_ask ask = { 0 };
    struct alter_scram_credentials_answer answer = { 0 };

    ask.deletions.items = session_take(session, room * sizeof(*ask.deletions.items));
    ask.upsertions.items = session_take(session, room * sizeof(*ask.upsertions.items));
    for (int32_t i = 0; i < changing->changes->configs.count; i++) {
        const struct incremental_alter_configs_config *change = &changing->changes->configs.items[i];
        int8_t mechanism = mechanism_of(change->name);
        if (change->operation == KAFKA_CHANGE_DELETE) {
            ask.deletions.items[ask.deletions.count++] = (struct alter_scram_credentials_deletion){ user, mechanism };
            continue;
        }
        struct alter_scram_credentials_upsertion *to = &ask.upsertions.items[ask.upsertions.count++];
        *to = (struct alter_scram_credentials_upsertion){ .name = user, .mechanism = mechanism };
        if (!credential_make(session, change, to)) return EXIT_FAILED;
    }
    if (!session_ask(session, CLIENT_CONTROLLER, API_ALTER_USER_SCRAM_CREDENTIALS, false, &ask, &answer)) {
        return EXIT_FAILED;
    }
    for (int32_t i = 0; i < answer.results.count; i++) {
        const struct alter_scram_credentials_result *told = &answer.results.items[i];
        if (told->error == CODE_NONE) continue;
        return refused(session, changing->named->names[0], told->error, told->error_message);
    }
    return EXIT_FINE;
}

int kafka_quotas_alter(struct session *session, const struct kafka_named *named,
                       const struct incremental_alter_configs_resource_ask *changes)
{
    struct changing changing = { session, named, changes, names_kind(named, "ips") };

    invariant(named->plural_count > 0 && named->name_count > 0);
    if (!changes_check(&changing)) return EXIT_FAILED;
    bool of_credentials = names_of(&changing, OPERATION_ANY, NAME_CREDENTIAL, "").data != NULL;
    if (of_credentials && !credentials_check(&changing)) return EXIT_FAILED;
    int code = of_credentials ? credentials_alter(&changing) : quotas_alter(&changing);
    if (code != EXIT_FINE) return code;
    if (*named->names[0]) {
        printf("Completed updating config for %.*s %s.\n", (int)strlen(named->plurals[0]) - 1, named->plurals[0],
               named->names[0]);
    } else {
        printf("Completed updating default config for %s in the cluster.\n", named->plurals[0]);
    }
    return EXIT_FINE;
}
