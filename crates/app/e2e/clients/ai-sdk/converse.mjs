// Drives the AI SDK through one conversation with tools, streamed, and prints what it understood, one line
// of JSON for each model.
//
// Usage: converse.mjs chat|responses|messages URL KEY MODEL...

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { isStepCount, jsonSchema, streamText, tool } from 'ai';

const [surface, url, apiKey, ...names] = process.argv.slice(2);

function modelOf(name) {
  const baseURL = `${url}/v1`;
  if (surface === 'messages') return createAnthropic({ baseURL, apiKey })(name);
  const openai = createOpenAI({ baseURL, apiKey });
  return surface === 'chat' ? openai.chat(name) : openai.responses(name);
}

const get_weather = tool({
  description: 'Weather of a city.',
  inputSchema: jsonSchema({
    type: 'object',
    properties: { city: { type: 'string' }, unit: { type: 'string' } },
    required: ['city'],
  }),
  execute: async ({ city }) => `Sunny in ${city}, 21 °C.`,
});

async function converse(name) {
  const result = streamText({
    model: modelOf(name),
    tools: { get_weather },
    prompt: 'How is the weather in Zürich and in Genève?',
    stopWhen: isStepCount(5),
    maxRetries: 0,
    maxOutputTokens: 4096,
    providerOptions: {
      openai: { store: false, include: ['reasoning.encrypted_content'] },
      anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } },
    },
    onError: () => {},
  });

  // The argument bytes of each call as they came.
  const written = new Map();
  const calls = [];
  for await (const part of result.fullStream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'tool-input-delta') written.set(part.id, (written.get(part.id) ?? '') + part.delta);
    if (part.type === 'tool-call') {
      calls.push({ id: part.toolCallId, name: part.toolName, arguments: written.get(part.toolCallId) });
    }
  }
  const steps = await result.steps;
  return {
    texts: steps.map((step) => step.text),
    calls,
    usage: steps.map(({ usage }) => [
      usage.inputTokens,
      usage.inputTokenDetails.cacheReadTokens ?? 0,
      usage.outputTokens,
    ]),
    thinking: steps.map((step) => step.reasoningText ?? '').join(''),
  };
}

for (const name of names) {
  const failed = (error) => ({ error: { class: error.name, message: String(error) } });
  console.log(JSON.stringify(await converse(name).catch(failed)));
}
