/*
 * An SMTP load generator: a fixed number of connections that send a fixed number of messages, each command
 * after the reply to the one before.
 *
 *   loadgen -p PORT [-c CONNECTIONS] [-m MESSAGES_PER_CONNECTION] [-n MESSAGES] [-s SIZE | -f FILE]
 *           [-r RECIPIENT] [-e] [-R] [-u] [-t SECONDS]
 *
 *   -e  greet with EHLO instead of HELO
 *   -R  refusals: a message is MAIL, a RCPT that must be refused with 5xx, and RSET
 *   -u  each message has a Message-ID of its own, above all else
 *   -f  a message file: dot-stuffed, CRLF, no final dot
 *   -t  give up after so long
 *
 * One thread, epoll. Prints one line of JSON: messages that ended as they should, errors (the others), seconds,
 * messages and megabytes a second, and milliseconds from MAIL to the final reply at the 50th and 99th
 * percentile. Exit code 0, 1 if there were errors, 2 if it could not run.
 */
#define _GNU_SOURCE
#include "net.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum state { GREETING, HELLO, MAIL, RCPT, DATA, MESSAGE, RSET, QUIT };

struct connection {
  int fd;
  enum state state;
  long left;    /* messages to send on this connection */
  double began; /* when MAIL was sent */
  const char *out;
  size_t out_length; /* still to be written */
  const char *then;  /* and this after it */
  size_t then_length;
  char id[64];
  bool wants_to_write;
  size_t in_length;
  char in[4096];
};

static int port, epoll_fd, per_connection = 1, complaints;
static long total = 1, started, done, open_connections;
static bool refusals, unique;
static const char *const id_form = "Message-ID: <%010ld.%010d@load.test>\r\n";
static const char *hello = "HELO load.test\r\n";
static char rcpt[300];
static char *message;
static size_t message_length;
static float *latencies;
static double last_done;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void watch(struct connection *c, int operation, bool write) {
  struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(epoll_fd, operation, c->fd, &event);
  c->wants_to_write = write;
}

static void flush(struct connection *c) {
  while (c->out_length > 0) {
    ssize_t sent = send(c->fd, c->out, c->out_length, MSG_NOSIGNAL | (c->then_length > 0 ? MSG_MORE : 0));
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) c->out_length = c->then_length = 0; /* the next read tells that the peer is gone */
    else {
      c->out += sent;
      c->out_length -= (size_t)sent;
    }
    if (c->out_length == 0) {
      c->out = c->then;
      c->out_length = c->then_length;
      c->then_length = 0;
    }
  }
  bool write = c->out_length > 0;
  if (write != c->wants_to_write) watch(c, EPOLL_CTL_MOD, write);
}

static void send_in(struct connection *c, enum state state, const char *text, size_t length) {
  c->state = state;
  c->out = text;
  c->out_length = length;
  flush(c);
}

static void command(struct connection *c, enum state state, const char *text) {
  send_in(c, state, text, strlen(text));
}

/* Connects for the next share of the messages, if there is one. */
static void open_next(struct connection *c) {
  c->fd = -1;
  long share = total - started < per_connection ? total - started : per_connection;
  if (share == 0) return;
  started += share;
  c->left = share;
  c->state = GREETING;
  c->in_length = c->out_length = c->then_length = 0;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket");
  without_delay(c->fd);
  struct sockaddr_in address = loopback(port);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) die("connect");
  watch(c, EPOLL_CTL_ADD, false);
  open_connections++;
}

static void close_and_open_next(struct connection *c) {
  close(c->fd);
  open_connections--;
  open_next(c);
}

static void complain(const struct connection *c, const char *what) {
  static const char *const names[] = {"greeting", "HELO", "MAIL", "RCPT", "DATA", "message", "RSET", "QUIT"};
  if (complaints++ < 5) fprintf(stderr, "loadgen: %s: %s\n", names[c->state], what);
}

static void send_message(struct connection *c) {
  static long messages;
  if (!unique) {
    send_in(c, MESSAGE, message, message_length);
    return;
  }
  c->then = message;
  c->then_length = message_length;
  command(c, MESSAGE, (snprintf(c->id, sizeof c->id, id_form, messages++, getpid()), c->id));
}

static void start_message(struct connection *c) {
  c->began = now();
  command(c, MAIL, "MAIL FROM:<sender@ok.test>\r\n");
}

static void end_message(struct connection *c) {
  last_done = now();
  latencies[done++] = (float)((last_done - c->began) * 1e3);
  if (--c->left > 0) start_message(c);
  else command(c, QUIT, "QUIT\r\n");
}

/* Handles the last line of a reply. False if the connection was closed over it. */
static bool reply(struct connection *c, const char *line) {
  int code = atoi(line);
  int expected = c->state == GREETING ? 220 : c->state == DATA ? 354 : 250;
  bool refused = c->state == RCPT && refusals;
  if (c->state != QUIT && !(refused ? code / 100 == 5 : code == expected)) complain(c, line);
  else if (c->state != QUIT) {
    switch (c->state) {
    case GREETING: command(c, HELLO, hello); break;
    case HELLO: start_message(c); break;
    case MAIL: command(c, RCPT, rcpt); break;
    case RCPT: refused ? command(c, RSET, "RSET\r\n") : command(c, DATA, "DATA\r\n"); break;
    case DATA: send_message(c); break;
    case MESSAGE:
    case RSET: end_message(c); break;
    case QUIT: break;
    }
    return true;
  }
  close_and_open_next(c);
  return false;
}

static void receive(struct connection *c) {
  ssize_t length = recv(c->fd, c->in + c->in_length, sizeof c->in - 1 - c->in_length, 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) {
    if (c->state != QUIT) complain(c, length < 0 ? strerror(errno) : "connection closed");
    close_and_open_next(c);
    return;
  }
  c->in_length += (size_t)length;
  char *line = c->in, *end = c->in + c->in_length, *newline;
  while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
    bool last = newline - line < 4 || line[3] != '-'; /* RFC 5321 4.2.1 */
    *newline = '\0';
    if (last && !reply(c, line)) return;
    line = newline + 1;
  }
  c->in_length = (size_t)(end - line);
  memmove(c->in, line, c->in_length);
}

/* A plain message of `size` octets, with a line that needs its dot stuffed. */
static void make_message(size_t size, const char *recipient) {
  message = malloc(size + 1024);
  message_length = (size_t)sprintf(
      message,
      "From: <sender@ok.test>\r\nTo: <%s>\r\nSubject: load\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
      "%sMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
      "..a line that begins with a dot\r\n",
      recipient, unique ? "" : "Message-ID: <1@load.test>\r\n");
  for (size_t column = 0; message_length + 2 < size; column++) {
    if (column % 78 >= 76) message[message_length++] = column % 78 == 76 ? '\r' : '\n';
    else message[message_length++] = (char)('A' + column % 26);
  }
  if (message[message_length - 1] == '\r') message_length--;
  memcpy(message + message_length, "\r\n", 2);
  message_length += 2;
}

static void read_message(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) die(path);
  message_length = (size_t)ftell(file);
  rewind(file);
  message = malloc(message_length + 16);
  if (fread(message, 1, message_length, file) != message_length) die(path);
  fclose(file);
}

static int ascending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static double percentile(double share) {
  return done == 0 ? 0 : (double)latencies[(long)((double)(done - 1) * share)];
}

int main(int argc, char **argv) {
  int connections = 1, option;
  size_t size = 1024;
  double patience = 300;
  const char *recipient = "user@ok.test", *file = NULL;
  while ((option = getopt(argc, argv, "p:c:m:n:s:er:Ruf:t:")) != -1) {
    switch (option) {
    case 'p': port = atoi(optarg); break;
    case 'c': connections = atoi(optarg); break;
    case 'm': per_connection = atoi(optarg); break;
    case 'n': total = atol(optarg); break;
    case 's': size = (size_t)atol(optarg); break;
    case 'e': hello = "EHLO load.test\r\n"; break;
    case 'r': recipient = optarg; break;
    case 'R': refusals = true; break;
    case 'u': unique = true; break;
    case 'f': file = optarg; break;
    case 't': patience = atof(optarg); break;
    default: return 2;
    }
  }
  snprintf(rcpt, sizeof rcpt, "RCPT TO:<%s>\r\n", recipient);
  if (file != NULL) read_message(file);
  else make_message(size, recipient);
  size_t octets = message_length + (unique ? (size_t)snprintf(NULL, 0, id_form, 0L, 0) : 0);
  memcpy(message + message_length, ".\r\n", 3);
  message_length += 3;

  latencies = malloc(sizeof *latencies * (size_t)total);
  struct connection *all = calloc((size_t)connections, sizeof *all);
  if (latencies == NULL || all == NULL) die("malloc");
  epoll_fd = epoll_create1(0);
  double began = now();
  for (int i = 0; i < connections; i++) open_next(&all[i]);

  struct epoll_event events[256];
  while (open_connections > 0) {
    int ready = epoll_wait(epoll_fd, events, 256, 1000);
    if (now() - began > patience) {
      fprintf(stderr, "loadgen: gave up after %g s\n", patience);
      break;
    }
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) flush(c);
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c);
    }
  }

  double seconds = (done > 0 ? last_done : now()) - began;
  qsort(latencies, (size_t)done, sizeof *latencies, ascending);
  printf("{\"messages\":%ld,\"errors\":%ld,\"seconds\":%.4f,\"rate\":%.3f,\"megabytesPerSecond\":%.3f,"
         "\"p50\":%.3f,\"p99\":%.3f,\"size\":%zu}\n",
         done, total - done, seconds, (double)done / seconds, (double)(done * (long)octets) / seconds / 1e6,
         percentile(0.5), percentile(0.99), octets);
  return done == total ? 0 : 1;
}
