"""A client made of python3-h2, with its own idea of HTTP/2.

    h2-python-client.py PORT good        many requests at once, with bodies, through flow control
    h2-python-client.py PORT CASE        one thing that h2 would not send with its checks on

Prints one line per thing that came of it, for a test to compare: `1 200 5`, `reset 1 PROTOCOL_ERROR`, `goaway STREAM_CLOSED`,
`closed`, `alive`.
"""

import socket
import sys

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import hyperframe.frame

GOOD_REQUESTS = 20
BODY = b"x" * 200_000
PROBE = b"is alive"


class Client:
    def __init__(self, port):
        config = h2.config.H2Configuration(
            client_side=True,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            validate_inbound_headers=True,
        )
        self.connection = h2.connection.H2Connection(config=config)
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.responses = {}
        self.bodies = {}
        self.ended = set()
        self.is_closed = False
        self.is_alive = False
        self.connection.initiate_connection()
        self.flush()

    def flush(self):
        self.socket.sendall(self.connection.data_to_send())

    def frame(self, frame):
        """Sends a frame past all state that h2 keeps."""
        self.flush()
        self.socket.sendall(frame.serialize())

    def request(self, stream, method=b"GET", extra=(), end=True, pseudo=None):
        fields = pseudo or [
            (b":method", method),
            (b":scheme", b"http"),
            (b":path", b"/digest" if method == b"POST" else b"/text"),
            (b":authority", b"shop.example"),
        ]
        self.connection.send_headers(stream, fields + list(extra), end_stream=end)
        self.flush()

    def receive(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.is_closed = True
            return
        for event in self.connection.receive_data(data):
            self.take(event)
        self.flush()

    def take(self, event):
        if isinstance(event, h2.events.ResponseReceived):
            self.responses[event.stream_id] = dict(event.headers)[b":status"].decode()
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.add(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            if event.remote_reset:
                self.ended.add(event.stream_id)
                print("reset", event.stream_id, name(event.error_code))
        elif isinstance(event, h2.events.ConnectionTerminated):
            print("goaway", name(event.error_code))
        elif isinstance(event, h2.events.PingAckReceived):
            self.is_alive = event.ping_data == PROBE

    def wait(self, condition):
        while not self.is_closed and not condition():
            self.receive()

    def finish(self):
        """Waits for the end, or proves that there is none."""
        if not self.is_closed:
            ping = hyperframe.frame.PingFrame(0)
            ping.opaque_data = PROBE
            try:
                self.frame(ping)
                self.wait(lambda: self.is_alive)
            except (BrokenPipeError, ConnectionResetError):
                self.is_closed = True
        for stream in sorted(self.responses):
            print(stream, self.responses[stream], self.bodies.get(stream, b"").decode().strip())
        print("closed" if self.is_closed else "alive")


def name(code):
    try:
        return h2.errors.ErrorCodes(code).name
    except ValueError:
        return str(code)


def good(client):
    streams = [1 + 2 * i for i in range(GOOD_REQUESTS)]
    left = {stream: BODY for stream in streams}
    for stream in streams:
        client.request(stream, b"POST", end=False)
    while left and not client.is_closed:
        is_blocked = True
        for stream in list(left):
            room = min(
                client.connection.local_flow_control_window(stream),
                client.connection.max_outbound_frame_size,
            )
            if room <= 0:
                continue
            is_blocked = False
            piece, left[stream] = left[stream][:room], left[stream][room:]
            client.connection.send_data(stream, piece, end_stream=not left[stream])
            if not left[stream]:
                del left[stream]
        client.flush()
        if left and is_blocked:
            client.receive()
    client.wait(lambda: client.ended.issuperset(streams))


def upper_case(client):
    client.request(1, extra=[(b"X-Name", b"value")])
    client.wait(lambda: 1 in client.ended)


def connection_field(client):
    client.request(1, extra=[(b"connection", b"close")])
    client.wait(lambda: 1 in client.ended)


def line_feed(client):
    client.request(1, extra=[(b"x-name", b"a\r\nx-other: b")])
    client.wait(lambda: 1 in client.ended)


def no_path(client):
    client.request(1, pseudo=[(b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"shop.example")])
    client.wait(lambda: 1 in client.ended)


def late_pseudo(client):
    client.request(1, extra=[(b"x-name", b"value"), (b":path", b"/other")])
    client.wait(lambda: 1 in client.ended)


def wrong_length(client):
    client.request(1, b"POST", extra=[(b"content-length", b"3")], end=False)
    client.connection.send_data(1, b"too long", end_stream=True)
    client.flush()
    client.wait(lambda: 1 in client.ended)


def neighbours(client):
    """A bad request between two good ones."""
    client.request(1)
    client.request(3, extra=[(b"te", b"gzip")])
    client.request(5)
    client.wait(lambda: client.ended.issuperset([1, 3, 5]))
    client.bodies = {}


def data_behind_the_end(client):
    client.request(1)
    client.wait(lambda: 1 in client.ended)
    client.bodies = {}
    frame = hyperframe.frame.DataFrame(1)
    frame.data = b"late"
    client.frame(frame)
    client.wait(lambda: False)


def idle_stream(client):
    frame = hyperframe.frame.RstStreamFrame(7)
    client.frame(frame)
    client.wait(lambda: False)


def even_stream(client):
    frame = hyperframe.frame.HeadersFrame(2)
    frame.data = client.connection.encoder.encode([(b":method", b"GET")])
    frame.flags.add("END_HEADERS")
    client.frame(frame)
    client.wait(lambda: False)


def window_overflow(client):
    frame = hyperframe.frame.WindowUpdateFrame(0)
    frame.window_increment = 2**31 - 1
    client.frame(frame)
    client.wait(lambda: False)


CASES = {
    function.__name__: function
    for function in [
        good,
        upper_case,
        connection_field,
        line_feed,
        no_path,
        late_pseudo,
        wrong_length,
        neighbours,
        data_behind_the_end,
        idle_stream,
        even_stream,
        window_overflow,
    ]
}

client = Client(int(sys.argv[1]))
# The acknowledgement of the settings: without it nothing of the server's has been heard.
client.receive()
CASES[sys.argv[2]](client)
client.finish()
