"""Intake as one would write it first: insert the document, publish the event, answer."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import BaseModel

TOPIC = "naive.registered"


class Registration(BaseModel):
    counter: str
    procedure_code: str
    checklist: list[dict[str, Any]]
    applicant: dict[str, Any]


class Registered(BaseModel):
    code: str
    counter: str
    procedure_code: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    client: Any = AsyncIOMotorClient(os.environ["MONGODB_URL"], w="majority")
    producer = AIOKafkaProducer(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP"], acks="all")
    await producer.start()
    app.state.dossiers, app.state.producer = client["bench_naive"]["dossiers"], producer
    yield
    await producer.stop()


app = FastAPI(lifespan=lifespan)


@app.get("/readyz")
async def ready() -> None:
    return


@app.post("/v1/dossiers", status_code=201)
async def register(registration: Registration) -> Registered:
    code = f"{registration.counter}-{uuid4()}"
    await app.state.dossiers.insert_one({"_id": code, **registration.model_dump()})
    event = Registered(code=code, counter=registration.counter, procedure_code=registration.procedure_code)
    await app.state.producer.send_and_wait(TOPIC, event.model_dump_json().encode(), key=code.encode())
    return event
