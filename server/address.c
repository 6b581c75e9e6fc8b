#include "address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* getaddrinfo takes 70000 for 4464. */
static bool
is_port(const char *text)
{
    size_t len = strlen(text);

    return len >= 1 && len <= 5 && strspn(text, "0123456789") == len && strtol(text, NULL, 10) <= 65535;
}

/* Split "host:port" at the last colon and take the brackets off the host. */
static bool
split(const char *text, char host[ADDRESS_TEXT_MAX], const char **ret_port)
{
    const char *colon = strrchr(text, ':');
    size_t len;

    if (colon == NULL || colon == text || colon[1] == '\0')
        return false;
    len = (size_t)(colon - text);
    if (text[0] == '[') {
        if (len < 3 || text[len - 1] != ']')
            return false;
        text++;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return false; /* an IPv6 address without brackets: where would its port begin? */
    }
    if (len >= ADDRESS_TEXT_MAX)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    *ret_port = colon + 1;
    return is_port(colon + 1);
}

bool
address_parse(const char *text, struct address *ret_address)
{
    char host[ADDRESS_TEXT_MAX];
    const char *port = NULL;
    struct addrinfo *found = NULL;
    struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};

    if (!split(text, host, &port))
        return false;
    if (strcmp(host, "*") == 0)
        memcpy(host, "::", sizeof("::"));
    if (getaddrinfo(host, port, &wanted, &found) != 0)
        return false;
    memset(ret_address, 0, sizeof(*ret_address));
    memcpy(&ret_address->socket, found->ai_addr, found->ai_addrlen);
    ret_address->len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

void
address_print(const struct sockaddr *socket, socklen_t len, char text[ADDRESS_TEXT_MAX])
{
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getnameinfo(socket, len, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) !=
        0) {
        snprintf(text, ADDRESS_TEXT_MAX, "unknown");
        return;
    }
    snprintf(text, ADDRESS_TEXT_MAX, socket->sa_family == AF_INET6 ? "[%.46s]:%.5s" : "%.46s:%.5s", host,
             port);
}

unsigned
address_port(const struct address *address)
{
    if (address->socket.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->socket)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address->socket)->sin_port);
}
