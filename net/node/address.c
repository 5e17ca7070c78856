/* net/node/address.c   From host:port to a socket's address. The last colon ends the host, so an IPv6 address needs no
 * brackets, but may have them. */
#include "node/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "base/arena.h"

bool address_split(struct text text, struct text *host, uint16_t *port)
{
    size_t colon = text.size;
    int64_t number;

    while (colon > 0 && text.data[colon - 1] != ':') colon--;
    if (colon == 0) return false;
    *host = (struct text){ text.data, colon - 1 };
    if (host->size >= 2 && host->data[0] == '[' && host->data[host->size - 1] == ']') {
        *host = (struct text){ host->data + 1, host->size - 2 };
    }
    if (!text_to_i64((struct text){ text.data + colon, text.size - colon }, &number)) return false;
    if (number < 0 || number > UINT16_MAX) return false;
    *port = (uint16_t)number;
    return true;
}

bool address_listener(struct text text, struct text *name, struct text *host, uint16_t *port)
{
    struct text rest = text_trim(text);

    *name = text_cut(&rest, ':');
    if (!rest.data || !text_starts(rest, TEXT("//")) || name->size == 0) return false;
    return address_split((struct text){ rest.data + 2, rest.size - 2 }, host, port);
}

struct text address_protocol(struct text map, struct text name)
{
    while (map.data) {
        struct text entry = text_trim(text_cut(&map, ','));
        struct text key = text_trim(text_cut(&entry, ':'));
        if (text_equal(key, name) && entry.data) return text_trim(entry);
    }
    return name;
}

bool address_resolve(struct text host, uint16_t port, struct sockaddr_storage *address, struct arena *arena)
{
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
    const char *name = host.size > 0 ? text_copy(arena, host).data : "0.0.0.0";

    *address = (struct sockaddr_storage){ 0 };
    if (name && inet_pton(AF_INET, name, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return true;
    }
    if (name && inet_pton(AF_INET6, name, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        return true;
    }

    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    if (!name || getaddrinfo(name, NULL, &hints, &found) != 0) return false;
    memcpy(address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    four->sin_port = htons(port); /* at the same place in both families */
    return true;
}
