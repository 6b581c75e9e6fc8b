"""A TCP link that can be cut: forwards to the collector; while `cut` is set, each connection dies half-way through."""
import socket
import threading

BYTES_BEFORE_THE_CUT = 2000  # past the TLS handshake, in the middle of the session


class CuttingProxy:
    def __init__(self, port):
        self.cut = False
        self.target = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def __str__(self):
        return f"localhost:{self.listener.getsockname()[1]}"

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            left = [BYTES_BEFORE_THE_CUT] if self.cut else None
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink, left), daemon=True).start()

    @staticmethod
    def _pump(source, sink, left):
        try:
            while data := source.recv(65536):
                if left is not None:
                    left[0] -= len(data)
                    if left[0] < 0:
                        break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
