/* notify: tell systemd how the service is, as sd_notify(3) would; nothing happens where $NOTIFY_SOCKET is not
 * set. */
#ifndef YUEBAO_NOTIFY_H
#define YUEBAO_NOTIFY_H

/* `state`: lines such as "READY=1\nSTATUS=…", "STOPPING=1". Failure is nobody's concern. */
void notify(const char *state);

#endif
