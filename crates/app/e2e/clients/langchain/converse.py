"""Drives LangChain through one conversation with tools, streamed, and prints what it understood, one line of JSON for each model.

Usage: converse.py chat|responses|messages URL KEY MODEL...
"""

import json
import sys

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool


@tool
def get_weather(city: str, unit: str = "") -> str:
    """Weather of a city."""
    return f"Sunny in {city}, 21 °C."


def model_of(surface, url, key, name):
    # Each takes long to import.
    if surface == "messages":
        from langchain_anthropic import ChatAnthropic

        return ChatAnthropic(model=name, base_url=url, api_key=key, max_tokens=4096, max_retries=0, timeout=30)
    from langchain_openai import ChatOpenAI

    options = {}
    if surface == "responses":
        options = {"store": False, "include": ["reasoning.encrypted_content"], "output_version": "responses/v1"}
    return ChatOpenAI(
        model=name,
        base_url=f"{url}/v1",
        api_key=key,
        max_retries=0,
        timeout=30,
        stream_usage=True,
        use_responses_api=surface == "responses",
        **options,
    )


def turn(model, messages):
    """One streamed request; gives the whole message and the argument bytes of each call as they came."""
    whole, arguments = None, {}
    for chunk in model.stream(messages):
        for piece in chunk.tool_call_chunks:
            arguments[piece["index"]] = arguments.get(piece["index"], "") + (piece["args"] or "")
        whole = chunk if whole is None else whole + chunk
    return whole, list(arguments.values())


def converse(model):
    model = model.bind_tools([get_weather])
    messages = [HumanMessage("How is the weather in Zürich and in Genève?")]
    texts, calls, usages, thinking = [], [], [], []
    while True:
        message, arguments = turn(model, messages)
        counts = message.usage_metadata
        cached = counts.get("input_token_details", {}).get("cache_read", 0)
        usages.append([counts["input_tokens"], cached, counts["output_tokens"]])
        texts.append(message.text)
        for block in message.content_blocks:
            if block["type"] == "reasoning":
                thinking.append(block.get("reasoning", ""))
        if not message.tool_calls:
            return {"texts": texts, "calls": calls, "usage": usages, "thinking": "".join(thinking)}
        messages.append(message)
        for call, written in zip(message.tool_calls, arguments, strict=True):
            calls.append({"id": call["id"], "name": call["name"], "arguments": written})
            messages.append(ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]))


def main():
    surface, url, key, *names = sys.argv[1:]
    for name in names:
        try:
            outcome = converse(model_of(surface, url, key, name))
        except Exception as error:  # whatever a caller would have to catch
            outcome = {"error": {"class": type(error).__name__, "message": str(error)}}
        print(json.dumps(outcome, ensure_ascii=False))


main()
