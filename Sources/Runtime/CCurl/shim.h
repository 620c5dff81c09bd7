// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// libcurl, whose variadic calls Swift can't make, and the two things needed of the OpenSSL that it brings along:
// SHA-256, and whether a certificate is an authority's. One call a function, no logic.
#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/statvfs.h>

static inline CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}
// A blob that libcurl copies.
static inline CURLcode ccurl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t length) {
    struct curl_blob blob = {(void *)bytes, length, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}
typedef size_t (*ccurl_data_function)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode ccurl_set_data_function(CURL *handle, CURLoption option, ccurl_data_function function) {
    return curl_easy_setopt(handle, option, function);
}
typedef int (*ccurl_progress_function)(void *context, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
static inline CURLcode ccurl_set_progress_function(CURL *handle, ccurl_progress_function function) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, function);
}
typedef curl_socket_t (*ccurl_socket_function)(void *context, curlsocktype purpose, struct curl_sockaddr *address);
static inline CURLcode ccurl_set_socket_function(CURL *handle, ccurl_socket_function function) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}
// The address's whole length may be more than its declared type's.
static inline const struct sockaddr *ccurl_address(const struct curl_sockaddr *address) { return &address->addr; }
static inline CURLcode ccurl_get_long(CURL *handle, CURLINFO what, long *value) {
    return curl_easy_getinfo(handle, what, value);
}
static inline CURLcode ccurl_get_string(CURL *handle, CURLINFO what, char **value) {
    return curl_easy_getinfo(handle, what, value);
}

static inline EVP_MD_CTX *ccurl_sha256_new(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) abort();
    return context;
}
static inline void ccurl_sha256_update(EVP_MD_CTX *context, const void *bytes, size_t length) {
    EVP_DigestUpdate(context, bytes, length);
}
static inline void ccurl_sha256_finish(EVP_MD_CTX *context, unsigned char *digest) {
    EVP_DigestFinal_ex(context, digest, NULL);
}
static inline void ccurl_sha256_free(EVP_MD_CTX *context) { EVP_MD_CTX_free(context); }

// Whether the first certificate of a PEM text is an authority's; -1 where there is none.
static inline int ccurl_is_authority(const char *pem, int length) {
    BIO *memory = BIO_new_mem_buf(pem, length);
    X509 *certificate = memory ? PEM_read_bio_X509(memory, NULL, NULL, NULL) : NULL;
    int answer = certificate ? (X509_check_ca(certificate) != 0) : -1;
    X509_free(certificate);
    BIO_free(memory);
    return answer;
}
// Whether a PEM text begins with a private key without a passphrase.
static inline int ccurl_is_private_key(const char *pem, int length) {
    BIO *memory = BIO_new_mem_buf(pem, length);
    EVP_PKEY *key = memory ? PEM_read_bio_PrivateKey(memory, NULL, NULL, (void *)"") : NULL;
    int answer = key != NULL;
    EVP_PKEY_free(key);
    BIO_free(memory);
    return answer;
}
