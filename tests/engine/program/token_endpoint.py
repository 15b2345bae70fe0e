# The servers that the program asks, under all their names: a token endpoint and one for messages. Everything posted is
# a line of /control/log. The first post of a refresh token is answered when the same one comes again, or HOLD seconds
# after all senders of its group were heard of: two that do not wait for each other meet here, however late one starts.
# A message is answered when its sender is let go.
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

HOLD = float(sys.argv[1])
# No message is kept longer, and no refresh: the program gives that one up after a while.
LONGEST, LONGEST_REFRESH = 90, 20
posts, heard, lock = {}, {}, threading.Condition()
output = open("/control/log", "a", buffering=1)


def say(**line):
    with lock:
        output.write(json.dumps(line) + "\n")


def hears(sender, what):
    with lock:
        heard[sender] = heard.get(sender, []) + [time.time()]
    say(event="heard", sender=sender, what=what)


def all_heard_since(sender):
    """When the last of a sender's group was first heard of; nothing as long as one was not. Addresses are used again."""
    try:
        began, *group = open("/control/group/" + sender).read().split()
    except OSError:
        return 0
    times = [min((at for at in heard.get(one, []) if at > float(began)), default=None) for one in group]
    return None if None in times else max(times, default=0)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        hears(self.client_address[0], self.path.split("?")[0])
        self.answer(200 if "hello" in self.path else 404, {"message": "hello"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path, sender = self.path.split("?")[0], self.client_address[0]
        hears(sender, path)
        if "oauth/token" in path:
            return self.refresh(body, sender)
        if not path.endswith("/messages"):
            return self.answer(200, {})
        say(event="message", sender=sender)
        until = time.time() + LONGEST
        while time.time() < until and not os.path.exists("/control/go/" + sender):
            time.sleep(0.1)
        self.answer(400, {"type": "error", "error": {"type": "invalid_request_error", "message": "nobody is here"}})

    def refresh(self, body, sender):
        try:
            asked = json.loads(body)
        except ValueError:
            asked = {key: all[0] for key, all in urllib.parse.parse_qs(body.decode()).items()}
        token = asked.get("refresh_token") or ""
        say(event="refresh", sender=sender, token=token)
        with lock:
            posts[token] = number = posts.get(token, 0) + 1
            lock.notify_all()
            started = time.time()
            while number == 1 and posts[token] == 1 and time.time() < started + LONGEST_REFRESH:
                since = all_heard_since(sender)
                if since is not None and time.time() > max(since, started) + HOLD:
                    break
                lock.wait(0.2)
        if number > 1:
            return self.answer(400, {"error": "invalid_grant", "error_description": "Refresh token not found or invalid"})
        say(event="refreshed", sender=sender, token=token)
        stem = token.replace("-ort01-", "-oat01-")
        self.answer(200, {
            "token_type": "Bearer",
            "access_token": stem + "x",
            "refresh_token": token + "x",
            "expires_in": 28800,
            "scope": "user:inference user:profile user:sessions:claude_code",
            "account": {"uuid": "00000000-0000-0000-0000-000000000001", "email_address": "nobody@example.invalid"},
            "organization": {"uuid": "00000000-0000-0000-0000-000000000002"},
        })


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 100


server = Server(("0.0.0.0", 443), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/endpoint/server.pem", "/endpoint/server.key")
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
say(event="up")
server.serve_forever()
