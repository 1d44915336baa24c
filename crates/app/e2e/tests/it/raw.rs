//! HTTP/1.1 over a bare socket, so that no client library stands between a test and the bytes.

use doubles::patience;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One request as it will stand on the wire.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: &'static str,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Ask {
    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: "POST",
            target: target.to_owned(),
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: body.into(),
        }
    }

    pub fn get(target: &str) -> Self {
        Self {
            method: "GET",
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn bearer(self, key: &str) -> Self {
        self.header("Authorization", &format!("Bearer {key}"))
    }

    fn wire(&self, host: &str) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {host}\r\n",
            self.method, self.target
        );
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if self.method != "GET" {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        let mut wire = (head + "\r\n").into_bytes();
        wire.extend_from_slice(&self.body);
        wire
    }

    /// Sends it and reads the whole answer.
    pub async fn send(&self, base: &str) -> Answer {
        let mut reader = self.open(base).await;
        reader.to_end().await;
        reader.answer
    }

    /// Sends it; the answer is read as the test asks.
    pub async fn open(&self, base: &str) -> Reader {
        let host = base.strip_prefix("http://").unwrap().trim_end_matches('/');
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.set_nodelay(true).unwrap();
        // A server may answer and close before it has read a huge body.
        let _ = stream.write_all(&self.wire(host)).await;
        Reader {
            stream,
            raw: Vec::new(),
            at: 0,
            framing: None,
            answer: Answer::default(),
        }
    }
}

/// What came back.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body came to the end that its framing announced.
    pub whole: bool,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.text()))
    }
}

#[derive(Debug, Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// An answer being read.
#[derive(Debug)]
pub struct Reader {
    stream: TcpStream,
    raw: Vec<u8>,
    at: usize,
    framing: Option<Framing>,
    pub answer: Answer,
}

impl Reader {
    #[expect(
        clippy::wrong_self_convention,
        reason = "it reads to the end, it converts nothing"
    )]
    pub async fn to_end(&mut self) {
        self.until(|_| false).await;
    }

    /// Reads until the condition holds or the answer has ended.
    pub async fn until(&mut self, holds: impl Fn(&Answer) -> bool) {
        patience::expect("an answer", async {
            while !self.answer.whole && !holds(&self.answer) {
                let read = self.stream.read_buf(&mut self.raw).await.unwrap_or(0);
                self.parse(read == 0);
                if read == 0 {
                    return;
                }
            }
        })
        .await;
    }

    fn parse(&mut self, closed: bool) {
        if self.framing.is_none() {
            let Some(end) = self.raw.windows(4).position(|four| four == b"\r\n\r\n") else {
                return;
            };
            let head = String::from_utf8_lossy(&self.raw[..end]).into_owned();
            self.at = end + 4;
            self.framing = Some(self.head(&head));
        }
        match self.framing {
            Some(Framing::Chunked) => while self.chunk() {},
            Some(Framing::Length(length)) => {
                self.answer.body.extend_from_slice(&self.raw[self.at..]);
                self.at = self.raw.len();
                self.answer.whole = self.answer.body.len() >= length;
            }
            Some(Framing::UntilClose) => {
                self.answer.body.extend_from_slice(&self.raw[self.at..]);
                self.at = self.raw.len();
                self.answer.whole = closed;
            }
            None => {}
        }
    }

    fn head(&mut self, head: &str) -> Framing {
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        self.answer.status = status.parse().unwrap();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            let entry = (name.to_ascii_lowercase(), value.trim().to_owned());
            self.answer.headers.push(entry);
        }
        if self.answer.header("transfer-encoding") == Some("chunked") {
            Framing::Chunked
        } else if let Some(length) = self.answer.header("content-length") {
            Framing::Length(length.parse().unwrap())
        } else {
            Framing::UntilClose
        }
    }

    /// Takes one whole chunk off what was read, if there is one.
    fn chunk(&mut self) -> bool {
        let rest = &self.raw[self.at..];
        let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else {
            return false;
        };
        let size = std::str::from_utf8(&rest[..line]).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let from = line + 2;
        if rest.len() < from + size + 2 {
            return false;
        }
        self.answer.body.extend_from_slice(&rest[from..from + size]);
        self.answer.whole = size == 0;
        self.at += from + size + 2;
        size > 0
    }
}
