/* tools/completion.c   `sluice completion bash|zsh|fish`: the shells learn commands, verbs and options from the same
 * tables that the command line is read with.
 *
 *     source <(sluice completion bash) */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "options.h"

static void words_of(const struct command *command, const char *prefix)
{
    for (size_t i = 0; i < command->verb_count; i++) {
        const struct verb *verb = &command->verbs[i];
        for (size_t k = 0; k < verb->row_count; k++) {
            if (verb->rows[k].name) printf("%s--%s", prefix, verb->rows[k].name);
        }
        for (size_t k = 0; k < common_row_count; k++) printf("%s--%s", prefix, common_rows[k].name);
    }
    if (command->more_options) printf(" %s", command->more_options);
}

/* Also for zsh, whose bashcompinit runs it as a shell that knows neither mapfile nor what else is bash's alone. */
static void print_bash(void)
{
    puts("# bash completion for sluice\n_sluice() {\n    local word=${COMP_WORDS[COMP_CWORD]} list=\n"
         "    COMPREPLY=()\n    if ((COMP_CWORD == 1)); then");
    printf("        list=\"");
    for (size_t i = 0; i < command_count; i++) printf("%s%s", i ? " " : "", commands[i].name);
    puts("\"\n    else\n        case ${COMP_WORDS[1]}:$COMP_CWORD:$word in");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        printf("        %s:*:-*) list=\"", command->name);
        words_of(command, " ");
        puts("\" ;;");
        if (!command->more_verbs && (command->verb_count == 0 || !*command->verbs[0].name)) continue;
        printf("        %s:2:*) list=\"", command->name);
        for (size_t k = 0; k < command->verb_count; k++) printf("%s ", command->verbs[k].name);
        printf("%s\" ;;\n", command->more_verbs ? command->more_verbs : "");
    }
    puts("        esac\n    fi\n"
         "    COMPREPLY=($(compgen -W \"$list\" -- \"$word\"))\n}\ncomplete -o default -F _sluice sluice");
}

static void print_zsh(void)
{
    puts("#compdef sluice\nautoload -U +X bashcompinit && bashcompinit");
    print_bash();
}

/* In single quotes, for fish. */
static void quoted(const char *text)
{
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') putchar('\\');
        putchar(*text);
    }
    putchar('\'');
}

static void fish_rows(const struct command *command, const struct verb *verb, const struct option_row *rows,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        printf("complete -c sluice -n '__fish_seen_subcommand_from %s", command->name);
        if (*verb->name) printf("; and __fish_seen_subcommand_from %s", verb->name);
        printf("'");
        if (rows[i].name) printf(" -l %s", rows[i].name);
        if (rows[i].letter) printf(" -s %c", rows[i].letter);
        printf("%s -d ", rows[i].value ? " -r" : "");
        quoted(rows[i].help);
        putchar('\n');
    }
}

/* Words that no table has: without a word of help. */
static void fish_words(const struct command *command)
{
    struct text verbs = text_of(command->more_verbs), options = text_of(command->more_options);

    while (verbs.data) {
        struct text verb = text_cut(&verbs, ' ');
        printf("complete -c sluice -f -n '__fish_seen_subcommand_from %s' -a %.*s\n", command->name, TEXT_ARGS(verb));
    }
    while (options.data) {
        struct text option = text_cut(&options, ' ');
        printf("complete -c sluice -n '__fish_seen_subcommand_from %s' -l %.*s\n", command->name, (int)option.size - 2,
               option.data + 2);
    }
}

static void print_fish(void)
{
    puts("# fish completion for sluice");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        printf("complete -c sluice -f -n __fish_use_subcommand -a %s -d ", command->name);
        quoted(command->summary);
        putchar('\n');
        fish_words(command);
        for (size_t k = 0; k < command->verb_count; k++) {
            const struct verb *verb = &command->verbs[k];
            if (*verb->name) {
                printf("complete -c sluice -f -n '__fish_seen_subcommand_from %s' -a %s -d ", command->name,
                       verb->name);
                quoted(verb->summary);
                putchar('\n');
            }
            fish_rows(command, verb, verb->rows, verb->row_count);
            fish_rows(command, verb, common_rows, common_row_count);
        }
    }
}

int command_completion(int count, char **arguments)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };

    for (size_t i = 0; count == 2 && i < array_count(shells); i++) {
        if (strcmp(arguments[1], shells[i].shell) != 0) continue;
        shells[i].print();
        return EXIT_FINE;
    }
    bool help = count == 2 && (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0);
    fputs("usage: sluice completion bash|zsh|fish\n\n"
          "Prints what teaches the shell our commands and options: source <(sluice completion bash).\n"
          "Exit status: 0, or 2 when the command line is wrong.\n",
          help ? stdout : stderr);
    return help ? EXIT_FINE : EXIT_USAGE;
}
