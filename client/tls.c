#include "tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

/* Every certificate of the text; false: there is none, or one is broken. */
static bool
trust_pem(X509_STORE *store, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;
    bool any = false, ok = bio != NULL;

    while (ok && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        ok = X509_STORE_add_cert(store, certificate) == 1;
        any = true;
        X509_free(certificate);
    }
    BIO_free(bio);
    ERR_clear_error(); /* the end of the text counts as an error */
    return ok && any;
}

static int64_t
seconds_of(const ASN1_TIME *time)
{
    struct tm tm = {0};

    return time == NULL || ASN1_TIME_to_tm(time, &tm) != 1 ? 0 : (int64_t)timegm(&tm);
}

/* Nothing is forgiven here; the failure is only remembered, with the dates that a wrong clock is known by. */
static int
remember_failure(int ok, X509_STORE_CTX *store)
{
    SSL *session = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_failure *failure = session == NULL ? NULL : SSL_get_app_data(session);
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);

    if (ok || failure == NULL)
        return ok;
    failure->code = X509_STORE_CTX_get_error(store);
    if (certificate != NULL) {
        failure->valid_from = seconds_of(X509_get0_notBefore(certificate));
        failure->valid_until = seconds_of(X509_get0_notAfter(certificate));
    }
    return 0;
}

SSL_CTX *
tls_context(const char *ca_pem)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context == NULL)
        return NULL;
    if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        !trust_pem(SSL_CTX_get_cert_store(context), ca_pem)) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, remember_failure);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

/* An address is checked against the certificate's addresses; a name is also sent, so that one port may serve
 * several. */
static bool
expect_host(SSL *session, const char *host)
{
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1)
        return true;
    ERR_clear_error();
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(session, host) == 1 && SSL_set_tlsext_host_name(session, host) == 1;
}

SSL *
tls_session(SSL_CTX *context, const char *host, struct tls_failure *failure)
{
    SSL *session = SSL_new(context);

    if (session == NULL)
        return NULL;
    if (!expect_host(session, host) || SSL_set_app_data(session, failure) != 1) {
        SSL_free(session);
        return NULL;
    }
    return session;
}

bool
tls_exporter(SSL *session, uint8_t ret_exporter[EXPORTER_SIZE])
{
    return SSL_export_keying_material(session, ret_exporter, EXPORTER_SIZE, EXPORTER_LABEL,
                                      strlen(EXPORTER_LABEL), NULL, 0, 0) == 1;
}
