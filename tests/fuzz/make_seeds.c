/*
 * make_seeds DIR: writes the seed corpora, DIR/<target>/<n>. Small honest inputs, by the code that the
 * programs themselves use; the fuzzer finds the dishonest ones.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "catalogue.h"
#include "envelope.h"
#include "frame.h"
#include "limit.h"
#include "sample.h"
#include "table.h"

static const char *root;

/* One file; with `first` >= 0 that byte stands before the others. */
static void
seed(const char *target, int first, const void *bytes, size_t len)
{
    static unsigned number;
    char path[4096];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", root, target);
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        goto fail;
    snprintf(path, sizeof(path), "%s/%s/%u", root, target, ++number);
    file = fopen(path, "wb");
    if (file == NULL)
        goto fail;
    if (first >= 0)
        fputc(first, file);
    fwrite(bytes, 1, len, file);
    if (fclose(file) == 0)
        return;
fail:
    perror(path);
    exit(73);
}

enum { REQUEST, REPLY, STATEMENT, ENVELOPE, VERDICT, CATALOGUE }; /* fuzz_gate's order */

static void
seed_request(Yuebao__Request *request)
{
    size_t len;
    uint8_t *frame = frame_of_request(request, &len);

    seed("frame", -1, frame, len);
    seed("gate", REQUEST, frame + FRAME_HEADER, len - FRAME_HEADER);
    free(frame);
}

static void
seed_reply(Yuebao__Reply *reply)
{
    size_t len;
    uint8_t *frame = frame_of_reply(reply, &len);

    seed("gate", REPLY, frame + FRAME_HEADER, len - FRAME_HEADER);
    free(frame);
}

static void
seed_message(int kind, const ProtobufCMessage *message)
{
    size_t len;
    uint8_t *bytes = sample_pack(message, &len);

    seed("gate", kind, bytes, len);
    free(bytes);
}

static void
requests(uint8_t *key, uint8_t *statement, size_t statement_len)
{
    Yuebao__Hello hello = YUEBAO__HELLO__INIT;
    Yuebao__Enrol enrol = YUEBAO__ENROL__INIT;
    Yuebao__AgendaRequest agenda = YUEBAO__AGENDA_REQUEST__INIT;
    Yuebao__CatalogueRequest catalogue = YUEBAO__CATALOGUE_REQUEST__INIT;
    Yuebao__Envelope envelope = YUEBAO__ENVELOPE__INIT;
    Yuebao__Put put = YUEBAO__PUT__INIT;
    Yuebao__Arrival arrival = YUEBAO__ARRIVAL__INIT;
    Yuebao__Request request = YUEBAO__REQUEST__INIT;

    hello.protocol = enrol.protocol = PROTOCOL_NUMBER;
    hello.algorithm = enrol.algorithm = envelope.algorithm = ALGORITHM_ED25519;
    hello.school = enrol.school = (char *)(uintptr_t) "3210012345";
    hello.key = enrol.key = envelope.key = catalogue.hash = (ProtobufCBinaryData){KEY_SIZE, key};
    enrol.code = (char *)(uintptr_t) "0123456789AB";
    envelope.statement = (ProtobufCBinaryData){statement_len, statement};
    put.envelope = &envelope;
    catalogue.offset = CATALOGUE_PART_MAX;
    request.number = 1;
    request.body_case = YUEBAO__REQUEST__BODY_HELLO, request.hello = &hello;
    seed_request(&request);
    request.body_case = YUEBAO__REQUEST__BODY_ENROL, request.enrol = &enrol;
    seed_request(&request);
    request.body_case = YUEBAO__REQUEST__BODY_AGENDA, request.agenda = &agenda;
    seed_request(&request);
    request.body_case = YUEBAO__REQUEST__BODY_CATALOGUE, request.catalogue = &catalogue;
    seed_request(&request);
    request.body_case = YUEBAO__REQUEST__BODY_PUT, request.put = &put;
    seed_request(&request);
    put.arrival = &arrival;
    arrival.at_ms = 1793500000000, arrival.mac = (ProtobufCBinaryData){KEY_SIZE, key};
    seed_request(&request);
    seed_message(ENVELOPE, &envelope.base);
}

static void
replies(uint8_t *key)
{
    Yuebao__Welcome welcome = YUEBAO__WELCOME__INIT;
    Yuebao__School school = YUEBAO__SCHOOL__INIT, *schools[] = {&school};
    Yuebao__Window window = YUEBAO__WINDOW__INIT, *windows[] = {&window};
    Yuebao__Agenda agenda = YUEBAO__AGENDA__INIT;
    Yuebao__Fault fault = YUEBAO__FAULT__INIT;
    Yuebao__Busy busy = YUEBAO__BUSY__INIT;
    Yuebao__Arrival arrival = YUEBAO__ARRIVAL__INIT;
    Yuebao__Reply reply = YUEBAO__REPLY__INIT;
    ProtobufCBinaryData keys[] = {{KEY_SIZE, key}, {KEY_SIZE, key}};

    welcome.protocol = PROTOCOL_NUMBER, welcome.n_server_key = 2, welcome.server_key = keys;
    school.code = (char *)(uintptr_t) "3210012345", school.name_zh = (char *)(uintptr_t) "第一小学";
    window.form = (char *)(uintptr_t) "primary.monthly", window.zone_minutes = -90;
    agenda.n_school = agenda.n_window = 1, agenda.school = schools, agenda.window = windows;
    fault.code = YUEBAO__FAULT_CODE__FAULT_PROTOCOL, fault.lowest = fault.highest = 1;
    reply.number = 1;
    reply.body_case = YUEBAO__REPLY__BODY_WELCOME, reply.welcome = &welcome;
    seed_reply(&reply);
    reply.body_case = YUEBAO__REPLY__BODY_AGENDA, reply.agenda = &agenda;
    seed_reply(&reply);
    reply.body_case = YUEBAO__REPLY__BODY_FAULT, reply.fault = &fault;
    seed_reply(&reply);
    busy.retry_ms = 90000, busy.arrival = &arrival;
    arrival.at_ms = 1793500000000, arrival.mac = (ProtobufCBinaryData){KEY_SIZE, key};
    reply.body_case = YUEBAO__REPLY__BODY_BUSY, reply.busy = &busy;
    seed_reply(&reply);
}

static void
verdicts(uint8_t *id)
{
    Yuebao__Finding finding = YUEBAO__FINDING__INIT, *findings[] = {&finding};
    Yuebao__Reject reject = YUEBAO__REJECT__INIT;
    Yuebao__Receipt receipt = YUEBAO__RECEIPT__INIT;
    Yuebao__Verdict verdict = YUEBAO__VERDICT__INIT;

    finding.code = YUEBAO__FINDING_CODE__ABOVE_MAX, finding.indicator = 1;
    reject.n_finding = 1, reject.finding = findings;
    receipt.late = 1, receipt.arrived_ms = 1793500000000;
    verdict.id = (ProtobufCBinaryData){ID_SIZE, id};
    verdict.outcome_case = YUEBAO__VERDICT__OUTCOME_REJECT, verdict.reject = &reject;
    seed_message(VERDICT, &verdict.base);
    verdict.outcome_case = YUEBAO__VERDICT__OUTCOME_RECEIPT, verdict.receipt = &receipt;
    seed_message(VERDICT, &verdict.base);
}

static void
messages(void)
{
    uint8_t key[KEY_SIZE] = {1, 2, 3}, *catalogue_packed, *statement_packed;
    size_t catalogue_len, statement_len;
    struct catalogue *catalogue;

    catalogue_packed = sample_catalogue(&catalogue_len);
    if (catalogue_load(catalogue_packed, catalogue_len, &catalogue) != CATALOGUE_OK) {
        fputs("make_seeds: the sample catalogue does not load\n", stderr);
        exit(70);
    }
    statement_packed = sample_pack(&sample_statement(catalogue_hash(catalogue))->base, &statement_len);
    seed("gate", CATALOGUE, catalogue_packed, catalogue_len);
    seed("catalogue", -1, catalogue_packed, catalogue_len);
    seed("gate", STATEMENT, statement_packed, statement_len);
    seed("statement", -1, statement_packed, statement_len);
    requests(key, statement_packed, statement_len);
    replies(key);
    verdicts(key);
    catalogue_free(catalogue);
    free(catalogue_packed);
    free(statement_packed);
}

static void
texts(void)
{
    static const char *const numbers[] = {"0", "-12.50", "+9223372036854775807", "-9223372036854.775808",
                                          "1.0000000"};
    static const char *const periods[] = {"2026-10-31", "2026-W44", "2026-10", "2026-Q4",
                                          "2026-S1",    "2026",     "monthly"};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        seed("number", (int)i, numbers[i], strlen(numbers[i]));
    for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++)
        seed("period", -1, periods[i], strlen(periods[i]));
}

static void
tables(void)
{
    static const char utf8[] = "指标,数值\r\n在校生,\"1,234\"\r\n\r\n\"甲\n乙\",\"说\"\"不\"\"\"\r\n,\r\n";
    static const char marked[] = "\xef\xbb\xbfindicator,value\n 　x ,2\n";
    static const char gb18030[] = "\xd6\xb8\xb1\xea,\xca\xfd\xd6\xb5\r\n\xd1\xa7\xd0\xa3,1\r\n";
    static const char utf16[] = "\xff\xfe\x07\x63\x07\x68\t\0\x70\x65\x3c\x50\r\0\n\0\x31\0\t\0\x32\0\r\0\n";
    static const char tabs[] = "indicator\tvalue\ra\t1\r";

    seed("table", -1, utf8, sizeof(utf8) - 1);
    seed("table", -1, marked, sizeof(marked) - 1);
    seed("table", -1, gb18030, sizeof(gb18030) - 1);
    seed("table", -1, utf16, sizeof(utf16)); /* with the NUL of its last newline */
    seed("table", -1, tabs, sizeof(tabs) - 1);
}

static void
proxy_headers(void)
{
    static const char ipv4[] =
        "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xCB\x00\x71\x09\x7F\x00\x00\x01\xC8\x22\x1D\x13"
        "\x04\0\x02\0\0\xEA\0\0";
    static const char ipv6[] = "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"
                               "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\xC8\x22\x1D\x13";
    static const char check[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

    seed("proxy_header", -1, ipv4, sizeof(ipv4) - 1);
    seed("proxy_header", -1, ipv6, sizeof(ipv6) - 1);
    seed("proxy_header", -1, check, sizeof(check) - 1);
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: make_seeds DIR\n", stderr);
        return 64;
    }
    root = argv[1];
    if (mkdir(root, 0755) != 0 && errno != EEXIST) {
        perror(root);
        return 73;
    }
    if (!envelope_init()) {
        fputs("make_seeds: the cryptography library does not start\n", stderr);
        return 70;
    }
    messages();
    texts();
    tables();
    proxy_headers();
    return 0;
}
