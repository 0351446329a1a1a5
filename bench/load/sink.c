/*
 * An SMTP receiver that takes every message at once and throws it away: the next hop in the benchmark.
 *
 *   sink -p PORT [-k]     -k: offer no PIPELINING, as Mailpit does not
 *
 * One thread, epoll. All replies to what one read brought leave in one write. On SIGTERM it prints
 * {"messages":N,"bytes":N}, octets as they came after 354 without the final dot, and ends.
 */
#define _GNU_SOURCE
#include "net.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LINE_MAX_OCTETS 4096
#define REPLIES_MAX 16384

struct connection {
  int fd;
  bool in_message;
  /* In a message: how many octets of CRLF.CRLF the last ones are. */
  int matched;
  size_t line_length;
  char line[LINE_MAX_OCTETS];
};

struct replies {
  size_t length;
  char text[REPLIES_MAX];
};

static const char *ehlo_reply =
    "250-sink.test\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
static const char *const ehlo_without_pipelining =
    "250-sink.test\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";

static unsigned long messages, octets;
static volatile sig_atomic_t stopped;

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

/* Sends what has gathered. False if the peer is gone, or does not read. */
static bool flush(const struct connection *c, struct replies *out) {
  size_t length = out->length;
  out->length = 0;
  return length == 0 || send(c->fd, out->text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static bool say(const struct connection *c, struct replies *out, const char *reply) {
  size_t length = strlen(reply);
  if (out->length + length > sizeof out->text && !flush(c, out)) return false;
  memcpy(out->text + out->length, reply, length);
  out->length += length;
  return true;
}

/* Octets up to and with the end of the message, 0 if it does not end in these. */
static size_t find_end(struct connection *c, const char *p, size_t length) {
  static const char end[] = "\r\n.\r\n";
  size_t i = 0;
  while (i < length) {
    if (c->matched == 0) {
      const char *cr = memchr(p + i, '\r', length - i);
      if (cr == NULL) return 0;
      i = (size_t)(cr - p) + 1;
      c->matched = 1;
    } else if (p[i] == end[c->matched]) {
      i++;
      if (++c->matched == 5) return i;
    } else {
      c->matched = 0; /* no shorter beginning can match here: look at this octet anew */
    }
  }
  return 0;
}

static bool is(const struct connection *c, const char *verb) {
  return strncasecmp(c->line, verb, 4) == 0;
}

/* Answers the command in c->line. False: the connection is over. */
static bool command(struct connection *c, struct replies *out) {
  if (is(c, "QUIT")) {
    if (say(c, out, "221 2.0.0 Bye\r\n")) flush(c, out);
    return false;
  }
  if (is(c, "DATA")) {
    c->in_message = true;
    c->matched = 2; /* the CRLF of the command: a message may be a lone dot */
    return say(c, out, "354 End data with <CR><LF>.<CR><LF>\r\n");
  }
  if (is(c, "EHLO")) return say(c, out, ehlo_reply);
  return say(c, out, "250 2.0.0 Ok\r\n");
}

/* Takes what one read brought. False: the connection is over. */
static bool receive(struct connection *c, const char *p, size_t length) {
  struct replies out = {0};
  while (length > 0) {
    size_t used;
    if (c->in_message) {
      size_t end = find_end(c, p, length);
      used = end > 0 ? end : length;
      octets += used;
      if (end > 0) {
        c->in_message = false;
        octets -= 3; /* the dot and its CRLF */
        messages++;
        if (!say(c, &out, "250 2.0.0 Ok: queued\r\n")) return false;
      }
    } else {
      const char *newline = memchr(p, '\n', length);
      used = newline != NULL ? (size_t)(newline - p) + 1 : length;
      if (c->line_length + used >= sizeof c->line) return false;
      memcpy(c->line + c->line_length, p, used);
      c->line_length += used;
      c->line[c->line_length] = '\0';
      if (newline != NULL) {
        c->line_length = 0;
        if (!command(c, &out)) return false;
      }
    }
    p += used;
    length -= used;
  }
  return flush(c, &out);
}

static void take_connections(int listener, int epoll) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    without_delay(fd);
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) die("calloc");
    c->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    send(fd, "220 sink.test ESMTP\r\n", 21, MSG_NOSIGNAL);
  }
}

int main(int argc, char **argv) {
  int port = 0, option;
  while ((option = getopt(argc, argv, "p:k")) != -1) {
    if (option == 'p') port = atoi(optarg);
    else if (option == 'k') ehlo_reply = ehlo_without_pipelining;
    else return 2;
  }

  /* SIGTERM is let in only while we wait, so that none is missed between the question and the wait. */
  sigset_t blocked, none;
  sigemptyset(&none);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  struct sigaction action = {.sa_handler = stop};
  sigaction(SIGTERM, &action, NULL);

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = loopback(port);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) die("bind");
  if (listen(listener, 1024) != 0) die("listen");
  int epoll = epoll_create1(0);
  struct epoll_event events[256] = {{.events = EPOLLIN, .data.ptr = NULL}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &events[0]);

  static char buffer[256 * 1024];
  while (!stopped) {
    int ready = epoll_pwait(epoll, events, 256, -1, &none);
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      if (c == NULL) {
        take_connections(listener, epoll);
        continue;
      }
      ssize_t length = recv(c->fd, buffer, sizeof buffer, 0);
      if (length < 0 && errno == EAGAIN) continue;
      if (length <= 0 || !receive(c, buffer, (size_t)length)) {
        close(c->fd);
        free(c);
      }
    }
  }
  printf("{\"messages\":%lu,\"bytes\":%lu}\n", messages, octets);
  return 0;
}
