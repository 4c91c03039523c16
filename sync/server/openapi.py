"""The OpenAPI document of the routes: where, what goes in and out by size and kind; the bytes are in http.md."""

from typing import Any

from sync import chunkwire, crypto, snapshot_wire, wire

_BYTES = "application/octet-stream"
_PROBLEMS = {
    400: "not in the documented form",
    401: "not signed by the device",
    403: "this server does not serve that community or device",
    408: "too slow",
    409: "sent before, or this server does not know the community yet",
    411: "Content-Length lacks",
    413: "larger than that may be",
    429: "too often; see Retry-After",
    500: "a mistake in the server",
    503: "busy; see Retry-After",
    507: "no room left",
}


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sprava server",
            "version": str(wire.VERSION),
            "description": "Messages byte by byte: docs/formats/http.md. Every reply of the POST routes is signed.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            wire.HELLO_PATH: _post("Ask the server who it is", wire.NONCE_BYTES, wire.NONCE_BYTES),
            wire.ADMISSION_PATH: _post(
                "Ask to be served, by an operator's admission code", wire.ADMISSION_BYTES, wire.ADMISSION_BYTES
            ),
            wire.EXCHANGE_PATH: _post(
                "Give and get frames and links",
                wire.ENVELOPE_BYTES + 1,
                wire.LONG_ENVELOPE_BYTES + wire.MAX_MESSAGE_BYTES,
            ),
            wire.NEWS_PATH: _post("Wait until others brought something", wire.ENVELOPE_BYTES + 1, 256),
            chunkwire.MISSING_PATH: _post(
                "Ask which chunks of files the server lacks", wire.ENVELOPE_BYTES + 1, chunkwire.MISSING_BYTES
            ),
            chunkwire.PUT_PATH: _post("Give chunks of files", wire.ENVELOPE_BYTES + 1, chunkwire.PUT_BYTES),
            chunkwire.GET_PATH: _post("Get chunks of files", wire.ENVELOPE_BYTES + 1, chunkwire.GET_BYTES),
            snapshot_wire.SNAPSHOTS_PATH: _post(
                "Give and get snapshots, and what devices say of them",
                wire.ENVELOPE_BYTES + 1,
                snapshot_wire.SNAPSHOTS_BYTES,
            ),
            snapshot_wire.HISTORY_PATH: _post(
                "Get frames by their places", wire.ENVELOPE_BYTES + 1, snapshot_wire.HISTORY_BYTES
            ),
            wire.CARRY_PATH: _post(
                "Carry frames of all units from server to server",
                wire.ENVELOPE_BYTES + 1,
                wire.LONG_ENVELOPE_BYTES + wire.MAX_MESSAGE_BYTES,
            ),
            wire.CARRIED_NEWS_PATH: _post(
                "Wait until others brought something into any unit", wire.ENVELOPE_BYTES + 1, 256
            ),
            wire.INTRODUCTION_PATH: _post(
                "Ask which member's device stands behind an office hub", wire.NONCE_BYTES, wire.NONCE_BYTES
            ),
            "/healthz": _get("Whether the server can serve now", "application/json", {503: "not now"}),
            "/metrics": _get("Figures for Prometheus", "text/plain", {404: "not for this address"}),
            "/openapi.json": _get("This document", "application/json", {}),
        },
        "components": {
            "responses": {
                "Problem": {
                    "description": "Signature (64) and the message [version, code]",
                    "content": {_BYTES: {"schema": _binary(crypto.SIGNATURE_BYTES + 3, 256)}},
                }
            }
        },
    }


def _binary(least: int, most: int) -> dict[str, Any]:
    return {"type": "string", "format": "binary", "minLength": least, "maxLength": most}


def _post(summary: str, least: int, most: int) -> dict[str, Any]:
    largest = wire.MAX_MESSAGE_BYTES + crypto.SIGNATURE_BYTES
    return {
        "post": {
            "summary": summary,
            "requestBody": {"required": True, "content": {_BYTES: {"schema": _binary(least, most)}}},
            "responses": {
                "200": {
                    "description": "Signature (64) and the message",
                    "content": {_BYTES: {"schema": _binary(crypto.SIGNATURE_BYTES + 1, largest)}},
                },
                **{
                    str(status): {"$ref": "#/components/responses/Problem", "description": reason}
                    for status, reason in _PROBLEMS.items()
                },
            },
        }
    }


def _get(summary: str, kind: str, others: dict[int, str]) -> dict[str, Any]:
    schema = {"type": "object"} if kind.endswith("json") else {"type": "string"}
    return {
        "get": {
            "summary": summary,
            "responses": {
                "200": {"description": "So it is", "content": {kind: {"schema": schema}}},
                **{str(status): {"description": reason} for status, reason in others.items()},
            },
        }
    }
