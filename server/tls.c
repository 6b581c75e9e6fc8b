#include "tls.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

/* Tickets are off, but OpenSSL refuses some resumptions with an obscure error when the id context is unset.
 */
static const unsigned char session_id_context[] = "yuebao";

/* The first error is the cause; what follows says only which part of OpenSSL passed it on. */
static const char *
first_reason(void)
{
    unsigned long error = ERR_peek_error();
    const char *why =
        ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : ERR_reason_error_string(error);

    return why != NULL ? why : "cannot be read";
}

static void
say_why(char *ret_error, size_t size, const char *file, const char *wanted)
{
    if (ERR_SYSTEM_ERROR(ERR_peek_error()))
        snprintf(ret_error, size, "%s: %s", file, first_reason());
    else
        snprintf(ret_error, size, "%s: %s (OpenSSL: %s)", file, wanted, first_reason());
}

static SSL_CTX *
context_of_house(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_num_tickets(context, 0) != 1 ||
        SSL_CTX_set_session_id_context(context, session_id_context, sizeof(session_id_context) - 1) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    return context;
}

SSL_CTX *
tls_context_new(const char *certificate, const char *private_key, char *ret_error, size_t size)
{
    SSL_CTX *context;
    const char *file = "TLS", *wanted = "cannot be set up";

    ERR_clear_error();
    context = context_of_house();
    if (context == NULL)
        goto fail;
    file = certificate;
    wanted = "holds no certificate in PEM form";
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        goto fail;
    file = private_key;
    wanted = "holds no private key in PEM form that fits the certificate";
    /* also refuses a key that is not the certificate's */
    if (SSL_CTX_use_PrivateKey_file(context, private_key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        goto fail;
    ERR_clear_error();
    return context;
fail:
    say_why(ret_error, size, file, wanted);
    ERR_clear_error();
    SSL_CTX_free(context);
    return NULL;
}

bool
tls_exporter(SSL *ssl, uint8_t ret_exporter[EXPORTER_SIZE])
{
    return SSL_export_keying_material(ssl, ret_exporter, EXPORTER_SIZE, EXPORTER_LABEL,
                                      sizeof(EXPORTER_LABEL) - 1, NULL, 0, 0) == 1;
}
