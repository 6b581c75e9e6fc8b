/*
 * peer: what a session's peer says and hears, over a pair of buffers instead of a socket; nothing is waited
 * for but events. One hub with room for four sessions, one fake house behind it (its window open, not due for
 * ages), one peer at a time.
 */
#ifndef YUEBAO_PEER_H
#define YUEBAO_PEER_H

#include <event2/bufferevent.h>

#include "fake_house.h"
#include "hub.h"
#include "session.h"

extern struct fake_house house;
extern struct event_base *base;
extern struct hub *hub;
extern struct bufferevent *peer;
extern const uint8_t exporter[EXPORTER_SIZE];

int peer_setup(void **state);
int peer_teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)

void connect_peer(void);
void be_welcome(void); /* connected and greeted */

/* Let everything happen that can happen now. */
void settle(void);

/* ---- what it hears ------------------------------------------------------------------------------- */

/* The next reply, or NULL when none is there yet; freed by the caller. */
Yuebao__Reply *take_reply(void);
Yuebao__Reply *wait_reply(void);
void expect_reply(uint32_t number, Yuebao__Reply__BodyCase body);
void expect_nothing(void);
void expect_fault(uint32_t number, Yuebao__FaultCode code); /* and the end of its session */
void wait_for_end(void);

/* ---- what it says -------------------------------------------------------------------------------- */

void send_request(Yuebao__Request *request);

/* A true hello, changed by the test before it goes out. */
struct greeting {
    Yuebao__Request request;
    Yuebao__Hello hello;
    uint8_t signature[SIGNATURE_SIZE];
};
void make_hello(struct greeting *g);
void send_hello(void);

void send_agenda_request(uint32_t number);
void send_notice_request(uint32_t number);
void send_holding_request(uint32_t number, const char *school, const char *form, const char *period);
void send_put(uint32_t number); /* a good statement */
void send_put_again(uint32_t number, Yuebao__Arrival *arrival);

#endif
