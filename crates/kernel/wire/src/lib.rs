//! Foreign protocols: envelopes, event streams, usage and error shapes of OpenAI and Anthropic, open to what they do not know.
