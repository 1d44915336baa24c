"""Drives the openai SDK through one conversation with tools, streamed, and prints what it understood, one line of JSON for each model.

Usage: openai_sdk.py chat|responses|embeddings BASE_URL KEY MODEL...
"""

import json
import sys

import openai

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
QUESTION = "How is the weather in Zürich and in Genève?"
ANSWER = "Sunny, 21 °C."


def chat_turn(client, model, messages):
    """One streamed request; the arguments of parallel calls are put together by their index."""
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]
    text, calls, usage, finish, answered, bare = "", {}, None, None, model, 0
    for chunk in client.chat.completions.create(
        model=model,
        messages=messages,
        tools=tools,
        stream=True,
        stream_options={"include_usage": True},
    ):
        answered = chunk.model
        if chunk.usage is not None:
            usage = chunk.usage.to_dict()
        if not chunk.choices:
            bare += 1
            continue
        delta = chunk.choices[0].delta
        text += delta.content or ""
        for piece in delta.tool_calls or []:
            call = calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
            call["id"] += piece.id or ""
            call["name"] += (piece.function.name or "") if piece.function else ""
            call["arguments"] += (piece.function.arguments or "") if piece.function else ""
        finish = chunk.choices[0].finish_reason or finish
    return text, [calls[index] for index in sorted(calls)], usage, finish, answered, bare


def chat(client, model):
    messages = [{"role": "user", "content": QUESTION}]
    made, usages, texts, bares = [], [], [], 0
    while True:
        text, calls, usage, finish, answered, bare = chat_turn(client, model, messages)
        texts.append(text)
        usages.append(usage)
        bares += bare
        if not calls:
            return {
                "text": text,
                "texts": texts,
                "tools": made,
                "usage": usages,
                "model": answered,
                "stop": finish,
                "chunks_without_choices": bares,
            }
        made += calls
        messages.append(
            {
                "role": "assistant",
                "content": text or None,
                "tool_calls": [
                    {
                        "id": call["id"],
                        "type": "function",
                        "function": {"name": call["name"], "arguments": call["arguments"]},
                    }
                    for call in calls
                ],
            }
        )
        messages += [
            {"role": "tool", "tool_call_id": call["id"], "content": ANSWER} for call in calls
        ]


def responses(client, model):
    tools = [{"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": True}]
    items = [{"role": "user", "content": QUESTION}]
    made, usages, thinking, texts = [], [], [], []
    while True:
        final, deltas, text = None, {}, ""
        for event in client.responses.create(model=model, input=items, tools=tools, stream=True, store=False):
            if event.type == "response.function_call_arguments.delta":
                deltas[event.output_index] = deltas.get(event.output_index, "") + event.delta
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.completed":
                final = event.response
        usages.append(final.usage.to_dict())
        texts.append(text)
        thinking += [
            {"thinking": part.text}
            for item in final.output
            if item.type == "reasoning"
            for part in item.summary
        ]
        calls = [
            {"id": item.call_id, "name": item.name, "arguments": deltas.get(index, "")}
            for index, item in enumerate(final.output)
            if item.type == "function_call"
        ]
        if not calls:
            return {
                "text": final.output_text,
                "texts": texts,
                "tools": made,
                "thinking": thinking,
                "usage": usages,
                "model": final.model,
                "stop": final.status,
            }
        made += calls
        items += [item.to_dict() for item in final.output]
        items += [
            {"type": "function_call_output", "call_id": call["id"], "output": ANSWER}
            for call in calls
        ]


def embeddings(client, model):
    made = client.embeddings.create(model=model, input=["one", "two"], encoding_format="float")
    return {
        "vectors": [row.embedding for row in made.data],
        "usage": [made.usage.to_dict()],
        "model": made.model,
    }


def main():
    surface, base_url, key, *models = sys.argv[1:]
    drive = {"chat": chat, "responses": responses, "embeddings": embeddings}[surface]
    client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=30)
    for model in models:
        try:
            outcome = drive(client, model)
        except openai.APIStatusError as error:
            outcome = {"error": {"class": type(error).__name__, "status": error.status_code, "body": error.body}}
        except Exception as error:  # whatever a caller of the SDK would have to catch
            outcome = {"error": {"class": type(error).__name__, "message": str(error)}}
        print(json.dumps(outcome, ensure_ascii=False))


main()
