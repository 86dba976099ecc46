"""The naive system that the house is compared with: what one would write first. FastAPI, FastStream and motor as their
tutorials show them: one message at a time, no outbox, no dedupe, a broker's acknowledgement awaited for each event."""
