/*
 * tls: how this program speaks TLS, and what is wrong with a certificate. TLS 1.3, one private CA, the
 * server's name checked.
 */
#ifndef YUEBAO_TLS_H
#define YUEBAO_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "limit.h"

/* Filled in by the handshake when a certificate fails. */
struct tls_failure {
    int code;                        /* X509_V_ERR_… */
    int64_t valid_from, valid_until; /* seconds since 1970 */
};

/* NULL: no certificate in the PEM text, or no memory. */
SSL_CTX *tls_context(const char *ca_pem);

/* A client's session that will accept `host` (a name or an address) only. `failure` must live as long as the
 * session. NULL: no memory. */
SSL *tls_session(SSL_CTX *context, const char *host, struct tls_failure *failure);

/* What signs a hello to this very session; false: the handshake is not over. */
bool tls_exporter(SSL *session, uint8_t ret_exporter[EXPORTER_SIZE]) __attribute__((warn_unused_result));

#endif
