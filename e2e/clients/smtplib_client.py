"""Sends the message on standard input with Python's smtplib. Arguments: host, port, sender, recipients."""

import smtplib
import sys

host, port, sender, *recipients = sys.argv[1:]
message = sys.stdin.buffer.read()
options = []
if not message.isascii():
    options.append("BODY=8BITMIME")
if not "".join([sender, *recipients]).isascii():
    options.append("SMTPUTF8")

try:
    with smtplib.SMTP(host, int(port), local_hostname="client.example") as server:
        refused = server.sendmail(sender, recipients, message, options)
except smtplib.SMTPException as error:
    sys.exit(repr(error))
if refused:
    sys.exit(repr(refused))
