/* net/http/library.c   dlopen, once. The library is never unloaded: it may have left threads' and exit's callbacks
 * behind. */
#include "http/library.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY_FILE "libmicrohttpd.so.12"

/* A function's address as dlsym gives it; POSIX promises that the copy is good. */
static bool find(struct library *library, const char *name, void *place)
{
    void *symbol = dlsym(library->handle, name);
    memcpy(place, &symbol, sizeof(symbol));
    return symbol != NULL;
}

enum status library_load(struct library *library, const char **why)
{
    bool whole = true;

    *why = NULL;
    library->handle = dlopen(LIBRARY_FILE, RTLD_NOW | RTLD_LOCAL);
    if (library->handle) {
#define LIBRARY_FIND(name) whole = whole && find(library, "MHD_" #name, &library->name);
        LIBRARY_CALLS(LIBRARY_FIND)
#undef LIBRARY_FIND
    }
    if (library->handle && whole) return STATUS_OK;
    *why = dlerror();
    if (!*why) *why = LIBRARY_FILE " is of another version";
    return STATUS_NOT_FOUND;
}
