/*
 * limit: the fixed numbers of the contract. Both ends hold them; tests hold both ends.
 * Source: the table "Limits" of PROTOCOL.md.
 */
#ifndef YUEBAO_LIMIT_H
#define YUEBAO_LIMIT_H

#define PROTOCOL_NUMBER  2u /* spoken here; a server also speaks PROTOCOL_OLDEST .. */
#define PROTOCOL_OLDEST  1u
#define PROTOCOL_ARRIVAL 2u /* the first that knows Arrival */

#define FRAME_HEADER   4u            /* bytes: big-endian length of the body */
#define FRAME_BODY_MAX (64u * 1024u) /* bytes; the largest form packs to about 4 KiB */
#define FRAME_BEFORE_HELLO_MAX                                                                               \
    4096u /* bytes a peer may send before a valid Hello or Enrol, headers included */
#define CATALOGUE_MAX      (4u * 1024u * 1024u) /* bytes of a serialised catalogue */
#define CATALOGUE_PART_MAX (48u * 1024u)        /* bytes of one CataloguePart */

#define GATE_DEPTH_MAX       4u      /* messages inside messages */
#define CATALOGUE_FIELDS_MAX 100000u /* fields of a catalogue; the first has about 4,000 */
#define GATE_FIELDS_MAX      4000u   /* fields of one frame, packed elements not counted */

#define ID_SIZE           32u /* SHA-256 */
#define KEY_SIZE          32u /* Ed25519 public key */
#define SEED_SIZE         32u /* Ed25519 private key of RFC 8032 */
#define SECRET_SIZE       64u /* Ed25519 secret key, libsodium's form: seed, then public key */
#define SIGNATURE_SIZE    64u
#define EXPORTER_SIZE     32u
#define MAC_SIZE          32u                   /* of an Arrival */
#define ARRIVAL_MS        (72u * 3600u * 1000u) /* so long an Arrival is honoured: over a week-end */
#define EXPORTER_LABEL    "EXPORTER-yuebao-hello"
#define ALGORITHM_ED25519 1u

#define SCHOOL_CODE_MAX    32u /* bytes; printable ASCII */
#define FORM_CODE_MAX      48u
#define ONE_OFF_NAME_MAX   24u /* third part of a one-off form's code */
#define INDICATOR_CODE_MAX 63u
#define PERIOD_TEXT_MAX    10u  /* "2026-10-31" */
#define PERSON_NAME_MAX    120u /* bytes */
#define TEXT_MAX           600u /* bytes of one explanation or of the reason for a correction */
#define SOFTWARE_MAX       64u
#define ENROL_CODE_LEN     12u /* Crockford base-32 characters: 60 bits */

#define FIGURES_MAX 500u /* figures of one statement */
#define FIGURE_MAX                                                                                           \
    10000000000000 /* 10^13, of |value| and |denominator|, scaled: half a million add up within 64 bits */
#define REVISION_MAX         2147483647u /* integer in the database */
#define FINDINGS_MAX         200u        /* findings of one Reject */
#define DECIMALS_MAX         6u
#define COMPILED_TERMS_MAX   1000000u /* terms of the rules of each form, over all forms of a catalogue */
#define INDICATOR_NUMBER_MAX 32767u   /* smallint in the database */

#endif
