"""Drives the anthropic SDK through one conversation with a tool, streamed, and prints what it understood, one line of JSON for each model.

Usage: anthropic_messages.py BASE_URL KEY MODEL...
"""

import json
import sys

import anthropic

TOOLS = [
    {
        "name": "get_weather",
        "description": "Weather of a city.",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    }
]


def turn(client, model, messages):
    """One streamed request; gives the final message and the argument bytes of each tool call as they came."""
    arguments = {}
    with client.messages.stream(
        model=model, max_tokens=256, messages=messages, tools=TOOLS
    ) as stream:
        for event in stream:
            if event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                arguments[event.index] = arguments.get(event.index, "") + event.delta.partial_json
        return stream.get_final_message(), arguments


def converse(client, model):
    messages = [{"role": "user", "content": "How is the weather in Zürich?"}]
    calls, usages, thinking, texts = [], [], [], []
    while True:
        message, arguments = turn(client, model, messages)
        usages.append(message.usage.to_dict())
        texts.append("".join(block.text for block in message.content if block.type == "text"))
        results = []
        for index, block in enumerate(message.content):
            if block.type == "thinking":
                thinking.append({"thinking": block.thinking, "signature": block.signature})
            if block.type == "tool_use":
                calls.append(
                    {"id": block.id, "name": block.name, "arguments": arguments.get(index, "")}
                )
                results.append(
                    {"type": "tool_result", "tool_use_id": block.id, "content": "Sunny, 21 °C."}
                )
        if not results:
            return {
                "text": texts[-1],
                "texts": texts,
                "tools": calls,
                "thinking": thinking,
                "usage": usages,
                "model": message.model,
                "stop": message.stop_reason,
            }
        messages.append({"role": "assistant", "content": message.to_dict()["content"]})
        messages.append({"role": "user", "content": results})


def main():
    base_url, key, *models = sys.argv[1:]
    client = anthropic.Anthropic(base_url=base_url, api_key=key, max_retries=0, timeout=30)
    for model in models:
        try:
            outcome = converse(client, model)
        except anthropic.APIStatusError as error:
            outcome = {"error": {"class": type(error).__name__, "status": error.status_code, "body": error.body}}
        except Exception as error:  # whatever a caller of the SDK would have to catch
            outcome = {"error": {"class": type(error).__name__, "message": str(error)}}
        print(json.dumps(outcome, ensure_ascii=False))


main()
