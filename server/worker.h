/*
 * worker: one event loop in one process: a listener, its sessions, a registry, a batch. Ends when told, or
 * when its parent is gone.
 *
 * TERM: stop accepting, let what is in flight be answered (at most drain_ms), end; a second TERM: at once.
 * HUP: read configuration and certificate again; what cannot be had keeps its old value. USR1: log the
 * counters.
 */
#ifndef YUEBAO_WORKER_H
#define YUEBAO_WORKER_H

#include "address.h"
#include "config.h"

struct worker_start {
    int number; /* from 0 */
    const char *config_path;
    const struct config *config;                   /* borrowed for the worker's life, as all here */
    const struct address *address, *proxy_address; /* the latter NULL: no balancers */
    int ready_fd;                                  /* a byte is written here when the worker listens */
};

/* Runs until the worker ends; the exit status. Called with signals blocked, lets them in when they are heard.
 */
int worker_run(const struct worker_start *start);

#endif
