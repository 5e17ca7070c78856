/* tools/notify.h   Telling a service manager how we are (sd_notify's protocol), without its library. */
#ifndef TOOLS_NOTIFY_H
#define TOOLS_NOTIFY_H

/* Lines of NAME=value: "READY=1", "STOPPING=1", "STATUS=..." . Nothing happens where nobody listens
 * ($NOTIFY_SOCKET). */
void notify(const char *lines);

#endif
