/* engine/base/setting_value.c   One value of a setting: from text, to text, back to its default. The words of a refusal
 * are those of Kafka's ConfigDef, because people search for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/settings.h"

/* Like Java's trim: everything up to the blank. */
static struct text trim(struct text text)
{
    while (text.size > 0 && (unsigned char)text.data[0] <= ' ') {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && (unsigned char)text.data[text.size - 1] <= ' ') text.size--;
    return text;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool equal_any_case(struct text a, struct text b)
{
    if (a.size != b.size) return false;
    for (size_t i = 0; i < a.size; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) return false;
    }
    return true;
}

static enum status refuse(const struct setting *row, struct text text, struct arena *arena, struct text *why,
                          const char *reason, const char *detail)
{
    bool secret = row->type == SETTING_PASSWORD;
    *why = text_format(arena, "Invalid value %.*s for configuration %s: %s%s", secret ? 8 : (int)text.size,
                       secret ? "[hidden]" : text.data, row->name, reason, detail);
    return why->data ? STATUS_INVALID : STATUS_NO_MEMORY;
}

/* The number of the choice, -1 when it is none. */
static int choice_find(const struct setting *row, struct text text)
{
    struct text rest = text_of(row->choices);

    for (int i = 0; rest.data; i++) {
        struct text choice = trim(text_cut(&rest, ','));
        if (text_equal(choice, text)) return i;
        if ((row->scope & SETTING_ANY_CASE) && equal_any_case(choice, text)) return i;
    }
    return -1;
}

static enum status check_choice(const struct setting *row, struct text text, struct arena *arena, struct text *why)
{
    if (!row->choices || choice_find(row, text) >= 0) return STATUS_OK;
    const char *reason =
        row->scope & SETTING_ANY_CASE ? "String must be one of (case insensitive): " : "String must be one of: ";
    return refuse(row, text, arena, why, reason, row->choices);
}

static const char *type_name(const struct setting *row)
{
    switch ((enum setting_type)row->type) {
    case SETTING_SHORT: return "SHORT";
    case SETTING_INT: return "INT";
    case SETTING_LONG: return "LONG";
    default: return "DOUBLE";
    }
}

/* As Java prints a double: the shortest digits that mean it, always a point, and an exponent (E) for what is below a
 * thousandth or from ten million on. */
static struct text print_double(double n, struct arena *arena)
{
    char digits[40];
    int precision = 0;

    for (; precision < 17; precision++) {
        (void)snprintf(digits, sizeof(digits), "%.*e", precision, n);
        if (strtod(digits, NULL) == n) break;
    }
    char *mark = strchr(digits, 'e');
    invariant(mark);
    int exponent = (int)strtod(mark + 1, NULL);
    if (exponent >= -3 && exponent < 7) {
        (void)snprintf(digits, sizeof(digits), "%.*f", precision > exponent ? precision - exponent : 1, n);
        return text_format(arena, "%s", digits);
    }
    *mark = '\0';
    return text_format(arena, "%s%sE%d", digits, precision == 0 ? ".0" : "", exponent);
}

/* `whole` is the number again, for types that are no double: the complaint names what was read, not its letters. */
static enum status check_bounds(const struct setting *row, double n, int64_t whole, struct arena *arena,
                                struct text *why)
{
    const char *rule = NULL;
    char bound[80];

    if (row->scope & SETTING_OR_MINUS_ONE) {
        if (n == -1 || (n >= row->least && n <= row->most)) return STATUS_OK;
        rule = "Value must be between ";
        (void)snprintf(bound, sizeof(bound), "%.15g and %.15g or equal to -1", row->least, row->most);
    } else if (n < row->least) {
        rule = "Value must be at least ";
        (void)snprintf(bound, sizeof(bound), "%.15g", row->least);
    } else if (n > row->most) {
        rule = "Value must be no more than ";
        (void)snprintf(bound, sizeof(bound), "%.15g", row->most);
    }
    if (!rule) return STATUS_OK;

    bool real = row->type == SETTING_DOUBLE;
    struct text number = real ? print_double(n, arena) : text_format(arena, "%lld", (long long)whole);
    return refuse(row, number, arena, why, rule, bound);
}

static enum status parse_whole(const struct setting *row, struct text text, void *place, struct arena *arena,
                               struct text *why)
{
    int64_t least = row->type == SETTING_SHORT ? INT16_MIN : row->type == SETTING_INT ? INT32_MIN : INT64_MIN;
    int64_t most = row->type == SETTING_SHORT ? INT16_MAX : row->type == SETTING_INT ? INT32_MAX : INT64_MAX;
    int64_t n = 0;

    if (!text_to_i64(text, &n) || n < least || n > most) {
        return refuse(row, text, arena, why, "Not a number of type ", type_name(row));
    }
    enum status status = check_bounds(row, (double)n, n, arena, why);
    if (status != STATUS_OK) return status;

    if (row->type == SETTING_SHORT) {
        *(int16_t *)place = (int16_t)n;
    } else if (row->type == SETTING_INT) {
        *(int32_t *)place = (int32_t)n;
    } else {
        *(int64_t *)place = n;
    }
    return STATUS_OK;
}

static bool text_to_double(struct text text, double *n)
{
    char digits[64];
    if (text.size == 0 || text.size >= sizeof(digits)) return false;
    for (size_t i = 0; i < text.size; i++) {
        if (!strchr("0123456789+-.eE", text.data[i]) || text.data[i] == '\0') return false;
    }
    memcpy(digits, text.data, text.size);
    digits[text.size] = '\0';

    char *end;
    *n = strtod(digits, &end);
    return end == digits + text.size && *n >= -__DBL_MAX__ && *n <= __DBL_MAX__;
}

static enum status parse_double(const struct setting *row, struct text text, double *place, struct arena *arena,
                                struct text *why)
{
    double n = 0;
    if (!text_to_double(text, &n)) return refuse(row, text, arena, why, "Not a number of type ", type_name(row));

    enum status status = check_bounds(row, n, 0, arena, why);
    if (status == STATUS_OK) *place = n;
    return status;
}

static enum status parse_string(const struct setting *row, struct text text, struct text *place, struct arena *arena,
                                struct text *why)
{
    if (text.size == 0 && (row->scope & SETTING_NOT_EMPTY)) {
        return refuse(row, text, arena, why, "String must be non-empty", "");
    }
    enum status status = check_choice(row, text, arena, why);
    if (status != STATUS_OK) return status;

    struct text copy = text_copy(arena, text.data ? text : TEXT(""));
    if (!copy.data) return STATUS_NO_MEMORY;
    *place = copy;
    return STATUS_OK;
}

static bool list_holds(const struct text *items, int32_t count, struct text text)
{
    for (int32_t i = 0; i < count; i++) {
        if (text_equal(items[i], text)) return true;
    }
    return false;
}

static enum status refuse_list(const struct setting *row, struct arena *arena, struct text *why, const char *fault)
{
    *why = text_format(arena, "Configuration '%s' %s", row->name, fault);
    return why->data ? STATUS_INVALID : STATUS_NO_MEMORY;
}

static enum status check_item(const struct setting *row, struct text item, struct arena *arena, struct text *why)
{
    if (item.size == 0 && (row->scope & SETTING_NO_DUPLICATES)) {
        return refuse_list(row, arena, why, "values must not be empty.");
    }
    return check_choice(row, item, arena, why);
}

/* "" is the empty list; otherwise every comma parts two items. They may be empty where they may be there twice. */
static enum status parse_list(const struct setting *row, struct text text, struct text_list *place, struct arena *arena,
                              struct text *why)
{
    if (text.size == 0) {
        if (row->scope & SETTING_NOT_EMPTY) {
            return refuse_list(row, arena, why, "must not be empty. Valid values include: any non-empty value");
        }
        *place = (struct text_list){ NULL, 0 };
        return STATUS_OK;
    }

    size_t room = 1;
    for (size_t i = 0; i < text.size; i++) room += text.data[i] == ',';
    struct text *items = arena_take(arena, room * sizeof(*items));
    struct text rest = text_copy(arena, text);
    if (!items || !rest.data) return STATUS_NO_MEMORY;

    int32_t count = 0;
    while (rest.data) {
        struct text item = trim(text_cut(&rest, ','));
        enum status status = check_item(row, item, arena, why);
        if (status != STATUS_OK) return status;
        if ((row->scope & SETTING_NO_DUPLICATES) && list_holds(items, count, item)) continue; /* as Kafka: once */
        items[count++] = item;
    }
    *place = (struct text_list){ items, count };
    return STATUS_OK;
}

enum status setting_parse(const struct setting *row, struct text text, void *values, struct arena *arena,
                          struct text *why)
{
    void *place = (char *)values + row->place;
    text = trim(text);

    switch ((enum setting_type)row->type) {
    case SETTING_BOOL: {
        bool truth = equal_any_case(text, TEXT("true"));
        if (!truth && !equal_any_case(text, TEXT("false"))) {
            return refuse(row, text, arena, why, "Expected value to be either true or false", "");
        }
        *(bool *)place = truth;
        return STATUS_OK;
    }
    case SETTING_SHORT:
    case SETTING_INT:
    case SETTING_LONG: return parse_whole(row, text, place, arena, why);
    case SETTING_DOUBLE: return parse_double(row, text, place, arena, why);
    case SETTING_STRING:
    case SETTING_CLASS:
    case SETTING_PASSWORD: return parse_string(row, text, place, arena, why);
    case SETTING_LIST: return parse_list(row, text, place, arena, why);
    case SETTING_ENUM: {
        enum status status = check_choice(row, text, arena, why);
        if (status == STATUS_OK) *(uint8_t *)place = (uint8_t)choice_find(row, text);
        return status;
    }
    case SETTING_ALIAS: break;
    }
    invariant(row->type < SETTING_ALIAS);
    return STATUS_INVALID;
}

static struct text print_list(const struct text_list *list, struct arena *arena)
{
    size_t size = 1;
    for (int32_t i = 0; i < list->count; i++) size += list->items[i].size + 1;
    char *text = arena_take(arena, size);
    if (!text) return TEXT_NULL;

    size_t at = 0;
    for (int32_t i = 0; i < list->count; i++) {
        if (i > 0) text[at++] = ',';
        if (list->items[i].size > 0) memcpy(text + at, list->items[i].data, list->items[i].size);
        at += list->items[i].size;
    }
    return (struct text){ text, at };
}

static struct text print_choice(const struct setting *row, uint8_t number)
{
    struct text rest = text_of(row->choices);
    struct text choice = TEXT_NULL;
    for (int i = 0; i <= number; i++) {
        invariant(rest.data);
        choice = trim(text_cut(&rest, ','));
    }
    return choice;
}

struct text setting_print(const struct setting *row, const void *values, struct arena *arena)
{
    const void *place = (const char *)values + row->place;

    switch ((enum setting_type)row->type) {
    case SETTING_BOOL: return *(const bool *)place ? TEXT("true") : TEXT("false");
    case SETTING_SHORT: return text_format(arena, "%d", *(const int16_t *)place);
    case SETTING_INT: return text_format(arena, "%d", *(const int32_t *)place);
    case SETTING_LONG: return text_format(arena, "%lld", (long long)*(const int64_t *)place);
    case SETTING_DOUBLE: return print_double(*(const double *)place, arena);
    case SETTING_STRING:
    case SETTING_CLASS:
    case SETTING_PASSWORD: return *(const struct text *)place;
    case SETTING_LIST: {
        const struct text_list *list = place;
        return list->count < 0 ? TEXT_NULL : print_list(list, arena);
    }
    case SETTING_ENUM: return print_choice(row, *(const uint8_t *)place);
    case SETTING_ALIAS: break;
    }
    return TEXT_NULL;
}
