/*
 * tls: the server's side of TLS 1.3: certificate and key from PEM, and what a session binds its hello to.
 *
 * TLS 1.3 only, no tickets, no early data, buffers given back while idle. Schools are known by a signed
 * hello, not by client certificates (those would triple the handshake's cost).
 */
#ifndef YUEBAO_TLS_H
#define YUEBAO_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"

/* NULL: ret_error (at most `size` bytes with NUL) names the file and what is wrong. Freed by SSL_CTX_free. */
SSL_CTX *tls_context_new(const char *certificate, const char *private_key, char *ret_error, size_t size);

/* RFC 8446 exporter with EXPORTER_LABEL and no context: what Hello and Enrol sign. */
bool tls_exporter(SSL *ssl, uint8_t ret_exporter[EXPORTER_SIZE]) __attribute__((warn_unused_result));

#endif
