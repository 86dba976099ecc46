"""What every service needs and none owns: unit of work, outbox relay, consumer, time, ids, errors, auth, telemetry."""
