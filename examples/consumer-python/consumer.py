"""A consumer that loses nothing and counts nothing twice, in Python.

    apt-get install python3-pika        # or: pip install pika
    AMQP_URL=amqp://user:password@localhost python3 examples/consumer-python/consumer.py

QUEUE, BINDING and JOURNAL may be set; EVENT_EXCHANGE is the connector's `gainium.events`.
"""

import json
import os
import random
import signal
import sys
import time

import pika

AMQP_URL = os.environ.get("AMQP_URL", "amqp://localhost")
EVENT_EXCHANGE = os.environ.get("EVENT_EXCHANGE", "gainium.events")
QUEUE = os.environ.get("QUEUE", "example-orders")
BINDING = os.environ.get("BINDING", "user.#")
JOURNAL = os.environ.get("JOURNAL", "example-orders.jsonl")

# So many unacknowledged messages are on their way to us at a time.
PREFETCH = 100
# A consumer that stays away so long loses the oldest ones, and never disturbs the others.
MAX_WAITING = 1_000_000
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30


def say(**line):
    print(json.dumps(line), flush=True)


class Journal:
    """Stands for your database: a file of one JSON line per event.

    In a database it is one transaction: the message id into a unique column, the event beside it.
    """

    def __init__(self, path):
        self.file = open(path, "a+b")
        self.file.seek(0)
        text = self.file.read()
        # The last line may be half written: its message was not acknowledged, and comes again.
        whole = text[: text.rfind(b"\n") + 1]
        self.file.truncate(len(whole))
        self.known = {json.loads(line)["messageId"] for line in whole.splitlines()}

    def store_once(self, entry):
        """False: it was stored before. Returns once the entry would survive a power cut."""
        if entry["messageId"] in self.known:
            return False
        self.file.write(json.dumps(entry).encode() + b"\n")
        self.file.flush()
        os.fsync(self.file.fileno())
        self.known.add(entry["messageId"])
        return True


class Stopped(Exception):
    """SIGTERM or SIGINT."""


def work(method, properties, content, journal):
    if not properties.message_id:
        raise ValueError("not a message of the connector")
    is_reconciled = (properties.headers or {}).get("x-reconciled") is True
    entry = {
        "messageId": properties.message_id,
        "routingKey": method.routing_key,
        "isReconciled": is_reconciled,
        # Amounts are texts: they stay exact. Use decimal.Decimal to compute with them.
        "body": json.loads(content),
    }
    if journal.store_once(entry):
        say(stored=properties.message_id, isReconciled=is_reconciled)
    else:
        # A repetition: the connector died, or lost a confirm, and told it again under the same id.
        say(repeated=properties.message_id)


def session(journal):
    connection = pika.BlockingConnection(pika.URLParameters(AMQP_URL))
    try:
        channel = connection.channel()
        channel.exchange_declare(EVENT_EXCHANGE, exchange_type="topic", durable=True)
        channel.queue_declare(QUEUE, durable=True, arguments={"x-max-length": MAX_WAITING})
        channel.queue_bind(QUEUE, EVENT_EXCHANGE, BINDING)
        channel.basic_qos(prefetch_count=PREFETCH)
        say(consuming=QUEUE)
        for method, properties, content in channel.consume(QUEUE):
            # Work first, ack afterwards: what is not acknowledged comes again.
            work(method, properties, content, journal)
            channel.basic_ack(method.delivery_tag)
    finally:
        if connection.is_open:
            connection.close()


def main():
    journal = Journal(JOURNAL)
    wait_s = FIRST_WAIT_S
    while True:
        started_at = time.monotonic()
        try:
            session(journal)
        except Stopped:
            return
        except (pika.exceptions.AMQPError, OSError) as error:
            if time.monotonic() - started_at > LONGEST_WAIT_S:
                wait_s = FIRST_WAIT_S
            say(failed=type(error).__name__, waitS=wait_s)
            time.sleep(wait_s * random.uniform(0.5, 1))
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def stop(_signal, _frame):
    raise Stopped


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        main()
    except Stopped:
        pass
    sys.exit(0)
