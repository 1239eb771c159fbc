"""Measurements: how safely messages are understood, and how the program compares.

`python -m tests.bench.safety` is about understanding. `python -m tests.bench [--quick] [--json]`
is about speed, and this is how it goes about it.

**What is compared.** This project as it runs, its commits waiting for the disk, beside the tools
that a bot of its kind would otherwise be built with: python-telegram-bot's `JobQueue`, its default
transport and its `AIORateLimiter`; APScheduler with `SQLAlchemyJobStore`; aiogram 3. Each is set up
as its own documentation shows. Their packages are the dependency group `bench`; a line whose peer
is not installed says so and is skipped.

**How.** All in one run on one machine. Every measure is taken in a process of its own
(`tests.bench.process`), in five rounds, and its median is shown with the least and the most beside
it; `--quick` takes one round of smaller sizes. What sends, sends to a Bot API on loopback
(`tests.bench.server`), also a process of its own, which takes 60 ms for a round trip and notes when
each call arrived. Arrivals are read from the machine's monotonic clock, which its processes share.
Processor time is that of the whole process, its threads included.

**What favours whom.** The peers do less: their jobs do nothing, their answers are one fixed line,
and they keep nothing, so a restart loses what they hold in memory. This project marks each message
twice on the disk, and answers with its real question engine and store. Where a peer is better all
the same, the line says `peer wins`. Goals stand beside the lines that they are about.

**Limits.** No line is about Telegram itself, and none runs over TLS. A machine that does other work
at the same time moves rates and times by a third and more: trust ratios above 1.5, processor time
before time on the wall, and read the least and the most. `one round` stands where a measure is a
count, or takes a minute and a half. Kills are `SIGKILL`: they show what a crash does, not what a
power cut does. The figures of memory are what the system keeps resident.

Everything ends by itself: each process has a time limit, and the servers end with the benchmark.
"""
