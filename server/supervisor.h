/*
 * supervisor: the parent process. It holds the port, starts the workers, starts a crashed one again (after a
 * pause that doubles from 100 ms to 10 s), passes signals on, and ends when all have ended. It never touches
 * a connection or the database.
 */
#ifndef YUEBAO_SUPERVISOR_H
#define YUEBAO_SUPERVISOR_H

#include "address.h"
#include "config.h"

/* Takes the configuration; proxy_address NULL: no balancers. Returns the exit status, in the parent and in
 * each worker. */
int supervisor_run(const char *config_path, struct config *config, const struct address *address,
                   const struct address *proxy_address);

#endif
