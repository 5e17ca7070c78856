/* replication/cluster/pattern.c   The syntax of java.util.regex.Pattern (JDK 17):
 *
 *     pattern = { piece [ quantifier ] | "|" | "(" | ")" }           groups and classes are counted, not nested here
 *     piece = character | escape | class | \Q...\E | ")"             a quantifier may follow; ] and } are characters
 *     quantifier = ( "*" | "+" | "?" | {n} | {n,} | {n,m} ) [ "?" | "+" ]     {n} also stands alone: of nothing
 *     class = "[" [ "^" ] { item | item "-" item | class | "&&" } "]"         ] is an item where none was before
 */
#include "cluster/pattern.h"

#include <stdint.h>
#include <string.h>

#include "base/check.h"

/* What an escape stands for, when it is not one character. */
enum { ESCAPE_SET = -1, ESCAPE_WRONG = -2 };

struct scan {
    struct text left;
    uint32_t groups; /* that are open */
};

static bool next_is(const struct scan *scan, char c)
{
    return scan->left.size > 0 && scan->left.data[0] == c;
}

static bool next_in(const struct scan *scan, const char *set)
{
    return scan->left.size > 0 && scan->left.data[0] != 0 && strchr(set, scan->left.data[0]);
}

static void skip(struct scan *scan, size_t size)
{
    invariant(size <= scan->left.size);
    scan->left = (struct text){ scan->left.data + size, scan->left.size - size };
}

static bool take(struct scan *scan, const char *prefix)
{
    struct text text = text_of(prefix);
    bool there = text_starts(scan->left, text);
    if (there) skip(scan, text.size);
    return there;
}

static int digit_of(char c, int base)
{
    int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : base;
    return digit < base ? digit : -1;
}

static bool letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* At least `least` digits, as many as `most`; -1: fewer, or beyond `limit`. */
static int64_t number_take(struct scan *scan, int base, uint32_t least, uint32_t most, int64_t limit)
{
    int64_t n = 0;
    uint32_t count = 0;

    for (; count < most && scan->left.size > 0; count++) {
        int digit = digit_of(scan->left.data[0], base);
        if (digit < 0) break;
        n = n * base + digit;
        if (n > limit) return -1;
        skip(scan, 1);
    }
    return count < least ? -1 : n;
}

/* A character of UTF-8; a byte that belongs to none is one by itself. */
static int32_t character_take(struct scan *scan)
{
    uint8_t first = (uint8_t)scan->left.data[0];
    uint32_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    int32_t character = more > 0 ? first & (0x3f >> more) : first;

    skip(scan, 1);
    for (; more > 0 && scan->left.size > 0 && ((uint8_t)scan->left.data[0] & 0xc0) == 0x80; more--) {
        character = character << 6 | ((uint8_t)scan->left.data[0] & 0x3f);
        skip(scan, 1);
    }
    return character;
}

/* \Q...: up to \E or the end, nothing means anything. */
static bool quote_take(struct scan *scan)
{
    if (!take(scan, "\\Q")) return false;
    while (scan->left.size > 0 && !take(scan, "\\E")) skip(scan, 1);
    return true;
}

/* <name>, when "<" is gone. */
static bool name_take(struct scan *scan)
{
    if (scan->left.size == 0 || !letter(scan->left.data[0])) return false;
    while (scan->left.size > 0 && (letter(scan->left.data[0]) || digit_of(scan->left.data[0], 10) >= 0)) skip(scan, 1);
    return take(scan, ">");
}

/* ---- escapes ---- */

/* What stands between braces; null: there is no end, or nothing. */
static struct text braced_take(struct scan *scan)
{
    struct text inside = scan->left;
    const char *end = scan->left.size > 0 ? memchr(scan->left.data, '}', scan->left.size) : NULL;

    if (!end || end == scan->left.data) return TEXT_NULL;
    inside.size = (size_t)(end - scan->left.data);
    skip(scan, inside.size + 1);
    return inside;
}

/* \p: a letter, or a name in braces. */
static bool property_take(struct scan *scan)
{
    static const char *const names[] = { "L",     "M",     "N",     "Z",     "C",     "P",     "S",     "Cn",
                                         "Lu",    "Ll",    "Lt",    "Lm",    "Lo",    "Mn",    "Me",    "Mc",
                                         "Nd",    "Nl",    "No",    "Zs",    "Zl",    "Zp",    "Cc",    "Cf",
                                         "Co",    "Cs",    "Pd",    "Ps",    "Pe",    "Pc",    "Po",    "Sm",
                                         "Sc",    "Sk",    "So",    "Pi",    "Pf",    "LC",    "LD",    "L1",
                                         "all",   "ASCII", "Alnum", "Alpha", "Blank", "Cntrl", "Digit", "Graph",
                                         "Lower", "Print", "Punct", "Space", "Upper", "XDigit" };
    struct text name = scan->left;

    if (name.size == 0) return false;
    if (take(scan, "{")) {
        name = braced_take(scan);
    } else {
        name.size = 1;
        skip(scan, 1);
    }
    for (size_t i = 0; i < array_count(names); i++) {
        if (name.data && text_equal(name, text_of(names[i]))) return true;
    }
    if (!name.data) return false;
    return memchr(name.data, '=', name.size) || (name.size > 2 && text_starts(name, TEXT("In"))) ||
           (name.size > 2 && text_starts(name, TEXT("Is"))) || (name.size > 4 && text_starts(name, TEXT("java")));
}

/* \x41, \x{1F600}, \u0041, \017 */
static int64_t coded_take(struct scan *scan, char kind)
{
    if (kind == 'u') return number_take(scan, 16, 4, 4, UINT16_MAX);
    if (kind == '0') {
        bool long_one = next_in(scan, "0123");
        return number_take(scan, 8, 1, long_one ? 3 : 2, UINT8_MAX);
    }
    if (!take(scan, "{")) return number_take(scan, 16, 2, 2, UINT8_MAX);
    int64_t character = number_take(scan, 16, 1, UINT32_MAX, 0x10ffff);
    return take(scan, "}") ? character : -1;
}

/* Places, sets and what went before, of which a class has none: \b, \R, \1, \k<name>. */
static int32_t outside_take(struct scan *scan, char kind)
{
    if (kind == 'b') (void)take(scan, "{g}");
    if (kind == 'k' && !(take(scan, "<") && name_take(scan))) return ESCAPE_WRONG;
    return ESCAPE_SET;
}

/* After the backslash: the character that is meant, or one of the numbers above. */
static int32_t escape_take(struct scan *scan, bool in_class)
{
    static const char named[] = "aefnrt", named_as[] = "\a\033\f\n\r\t";
    int64_t coded;

    if (scan->left.size == 0) return ESCAPE_WRONG;
    char kind = scan->left.data[0];
    if (!letter(kind) && digit_of(kind, 10) < 0) return character_take(scan);
    skip(scan, 1);
    if (strchr(named, kind)) return named_as[strchr(named, kind) - named];
    if (in_class && kind == 'v')
        return '\v'; /* the set of line ends, too; a range begins or ends with it as with this */
    if (strchr("DHSVWdhsvw", kind)) return ESCAPE_SET;
    switch (kind) {
    case 'p':
    case 'P': return property_take(scan) ? ESCAPE_SET : ESCAPE_WRONG;
    case 'N': return take(scan, "{") && braced_take(scan).data ? ESCAPE_SET : ESCAPE_WRONG;
    case 'c': return scan->left.size > 0 ? character_take(scan) ^ 64 : ESCAPE_WRONG;
    case '0':
    case 'u':
    case 'x': coded = coded_take(scan, kind); return coded < 0 ? ESCAPE_WRONG : (int32_t)coded;
    default: break;
    }
    return !in_class && strchr("123456789ABGRXZbkz", kind) ? outside_take(scan, kind) : ESCAPE_WRONG;
}

/* ---- classes ---- */

static int32_t item_take(struct scan *scan)
{
    return take(scan, "\\") ? escape_take(scan, true) : character_take(scan);
}

/* A character, a set, or a range of characters. */
static bool range_take(struct scan *scan)
{
    int32_t first = item_take(scan);

    if (first == ESCAPE_WRONG) return false;
    if (first == ESCAPE_SET || !next_is(scan, '-')) return true;
    if (scan->left.size == 1 || scan->left.data[1] == '[' || scan->left.data[1] == ']') return true;
    skip(scan, 1);
    return item_take(scan) >= first;
}

/* After the bracket. Where a class inside it ends, the outer one has an item, so no more than a number is kept. */
static bool class_take(struct scan *scan)
{
    uint32_t open = 1;
    bool some = false; /* items of the innermost, so that a bracket ends it */

    (void)take(scan, "^");
    while (open > 0 && scan->left.size > 0) {
        if (take(scan, "[")) {
            open++;
            some = false;
            (void)take(scan, "^");
        } else if (some && take(scan, "]")) {
            open--;
        } else if (take(scan, "&&")) {
            if ((next_is(scan, ']') || next_is(scan, '&')) && !some) return false;
        } else {
            if (!quote_take(scan) && !range_take(scan)) return false;
            some = true;
        }
    }
    return open == 0;
}

/* ---- groups, quantifiers ---- */

static void flags_take(struct scan *scan)
{
    while (next_in(scan, "imsducxU")) skip(scan, 1);
}

/* After the bracket. */
static bool group_take(struct scan *scan)
{
    scan->groups++;
    if (!take(scan, "?")) return true;
    if (take(scan, ":") || take(scan, "=") || take(scan, "!") || take(scan, ">")) return true;
    if (take(scan, "<")) return take(scan, "=") || take(scan, "!") || name_take(scan);
    flags_take(scan);
    if (take(scan, "-")) flags_take(scan);
    if (!take(scan, ")")) return take(scan, ":");
    scan->groups--; /* flags for what follows */
    return true;
}

static bool group_end(struct scan *scan)
{
    bool open = scan->groups > 0;
    if (open) scan->groups--;
    return open;
}

/* {n}, {n,}, {n,m}, when the brace is gone. */
static bool count_take(struct scan *scan)
{
    int64_t least = number_take(scan, 10, 1, UINT32_MAX, INT32_MAX), most = least;

    if (least < 0) return false;
    if (take(scan, ",")) {
        if (take(scan, "}")) return true;
        most = number_take(scan, 10, 1, UINT32_MAX, INT32_MAX);
    }
    return take(scan, "}") && most >= least;
}

/* If there is one. */
static bool quantifier_take(struct scan *scan)
{
    if (take(scan, "{")) {
        if (!count_take(scan)) return false;
    } else if (!next_in(scan, "*+?")) {
        return true;
    } else {
        skip(scan, 1);
    }
    if (!take(scan, "?")) (void)take(scan, "+");
    return true;
}

static bool piece_take(struct scan *scan)
{
    if (take(scan, "|")) return true;
    if (take(scan, "(")) return group_take(scan);
    if (next_in(scan, "*+?")) return false;
    if (quote_take(scan)) return quantifier_take(scan);
    bool good = true;
    if (take(scan, ")")) {
        good = group_end(scan);
    } else if (take(scan, "[")) {
        good = class_take(scan);
    } else if (take(scan, "\\")) {
        good = escape_take(scan, false) != ESCAPE_WRONG;
    } else if (!next_is(scan, '{')) {
        (void)character_take(scan);
    }
    return good && quantifier_take(scan);
}

bool pattern_known(struct text pattern)
{
    struct scan scan = { .left = pattern };
    bool good = true;

    while (good && scan.left.size > 0) good = piece_take(&scan);
    return good && scan.groups == 0;
}
