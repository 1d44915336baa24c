//! What servers send that tell less than OpenAI does.
