"use strict";

// The page of `spud serve`: it speaks with the server in the form that every client has, and asks for the ids beside.

const byID = (id) => document.getElementById(id);
const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

const state = { models: [], messages: [], attachments: [], answering: null, recorder: null, tokens: [], chosen: -1 };

// What the page asks with.

function headers() {
  const key = byID("key").value;
  return key ? { authorization: "Bearer " + key } : {};
}

async function loadModels() {
  try {
    const response = await fetch("v1/models", { headers: headers() });
    if (response.status === 401) {
      byID("key-label").hidden = false;
      return say("This server asks for a key.", true);
    }
    state.models = (await response.json()).data;
    byID("model").replaceChildren(...state.models.map((model) => element("option", { textContent: model.id })));
    showModel();
    if (state.models.some((model) => model.status === "loading")) setTimeout(loadModels, 1000);
  } catch {
    say("The server does not answer.", true);
    setTimeout(loadModels, 3000);
  }
}

const model = () => state.models.find((one) => one.id === byID("model").value) ?? {};
const makes = (kind) => model().architecture?.output_modalities?.includes(kind) ?? false;

function showModel() {
  const isUnified = makes("image");
  byID("output").parentElement.hidden = !isUnified;
  byID("attach").hidden = byID("record").hidden = !isUnified;
  byID("experts-section").hidden = !model().meta?.n_expert;
  // A model of a small world knows single questions best.
  byID("remember").checked = !model().has_domain;
  say(model().status === "loading" ? "The model is loading." : "");
  experts.reset();
  if (!state.messages.length) showStart();
}

function say(text, isBad = false) {
  byID("note").textContent = text;
  byID("note").classList.toggle("bad", isBad);
}

// The beginning of a conversation.

const suggestions = ["draw a red circle", "draw a big green star at the top left", "say seven two", "what is 12 plus 30?"];

function showStart() {
  const list = makes("image")
    ? suggestions.map((text) => element("li", {}, element("button", {
      type: "button", textContent: text, onclick: () => { byID("question").value = text; ask(); },
    })))
    : [];
  const words = makes("image")
    ? "It reads text, pictures and sound, and answers in any of them. Its world is small: coloured shapes, spoken digits."
    : "Ask it something.";
  byID("turns").replaceChildren(element("div", { className: "start" }, element("p", { textContent: words }),
    element("ul", {}, ...list)));
}

// Pictures and sounds that go with a question.

const dataURL = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(blob);
});

async function attach(files) {
  for (const file of files) {
    const kind = file.type.split("/")[0];
    if (kind !== "image" && kind !== "audio") {
      say(`${file.name} is no picture and no sound.`, true);
      continue;
    }
    state.attachments.push({ kind, url: await dataURL(file), name: file.name || "recording" });
  }
  showAttachments();
}

function showAttachments() {
  byID("attachments").replaceChildren(...state.attachments.map((one, index) => element("li", {},
    one.kind === "image" ? element("img", { src: one.url, alt: one.name }) : element("span", { textContent: "♪ " + one.name }),
    element("button", {
      type: "button", textContent: "×", ariaLabel: `Leave ${one.name} out`,
      onclick: () => { state.attachments.splice(index, 1); showAttachments(); byID("question").focus(); },
    }))));
}

async function record() {
  if (state.recorder) return state.recorder.stop();
  if (!navigator.mediaDevices?.getUserMedia) return say("This browser gives no page a microphone here.", true);
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    return say("The microphone is not to be had.", true);
  }
  const parts = [];
  const recorder = new MediaRecorder(stream);
  recorder.ondataavailable = (event) => parts.push(event.data);
  recorder.onstop = async () => {
    stream.getTracks().forEach((track) => track.stop());
    state.recorder = null;
    byID("record").setAttribute("aria-pressed", "false");
    byID("record").textContent = "Record";
    try {
      await attach([new File([await wave(new Blob(parts))], "recording.wav", { type: "audio/wav" })]);
      say("");
    } catch {
      say("The recording cannot be read.", true);
    }
  };
  recorder.start();
  state.recorder = recorder;
  byID("record").setAttribute("aria-pressed", "true");
  byID("record").textContent = "Stop";
  say("Recording …");
}

// A recording of the browser's as a WAV file: 16 bits, one channel, 16,000 samples a second.
async function wave(blob) {
  const rate = 16000;
  const context = new AudioContext();
  const sound = await context.decodeAudioData(await blob.arrayBuffer());
  await context.close();
  const offline = new OfflineAudioContext(1, Math.max(1, Math.ceil(sound.duration * rate)), rate);
  const source = offline.createBufferSource();
  source.buffer = sound;
  source.connect(offline.destination);
  source.start();
  const samples = (await offline.startRendering()).getChannelData(0);
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at, word) => [...word].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((value, index) => view.setInt16(44 + index * 2, Math.max(-1, Math.min(1, value)) * 32767, true));
  return view.buffer;
}

// Questions and answers.

function content(text) {
  const parts = state.attachments.map((one) => one.kind === "image"
    ? { type: "image_url", image_url: { url: one.url } }
    : { type: "input_audio", input_audio: { data: one.url.split(",")[1], format: "wav" } });
  if (text) parts.push({ type: "text", text });
  return parts.length === 1 && text ? text : parts;
}

async function ask() {
  if (state.answering) return;
  const text = byID("question").value.trim();
  if (!text && !state.attachments.length) return byID("question").focus();
  if (!state.messages.length) byID("turns").replaceChildren();
  showQuestion(text);
  state.messages.push({ role: "user", content: content(text) });
  byID("question").value = "";
  state.attachments = [];
  showAttachments();

  const answer = new AnswerView();
  state.answering = new AbortController();
  byID("send").textContent = "Stop";
  const output = byID("output").value;
  const body = {
    model: byID("model").value, stream: true, return_tokens: true,
    messages: byID("remember").checked ? state.messages : state.messages.slice(-1),
    stream_options: { include_usage: true },
  };
  if (makes("image")) body.modalities = output ? [output] : ["text", "image", "audio"];
  try {
    const response = await fetch("v1/chat/completions", {
      method: "POST", headers: { "content-type": "application/json", ...headers() }, body: JSON.stringify(body),
      signal: state.answering.signal,
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
    for await (const chunk of events(response.body)) {
      if (chunk.error) throw new Error(chunk.error.message);
      answer.take(chunk);
    }
  } catch (error) {
    answer.fail(error.name === "AbortError" ? "Stopped." : error.message);
  }
  answer.end();
  state.answering = null;
  byID("send").textContent = "Ask";
  byID("question").focus();
}

// The data of server-sent events, as JSON.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      if (data && data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

function showQuestion(text) {
  const turn = element("div", { className: "turn user" });
  for (const one of state.attachments) {
    turn.append(one.kind === "image" ? element("img", { src: one.url, alt: one.name })
      : element("audio", { src: one.url, controls: true }));
  }
  if (text) turn.append(element("p", { textContent: text }));
  byID("turns").append(turn);
}

// One answer while it is made.
class AnswerView {
  constructor() {
    this.turn = element("div", { className: "turn assistant" });
    this.words = this.thought = this.canvas = null;
    this.message = { role: "assistant", content: "" };
    this.media = [];
    byID("turns").append(this.turn);
    byID("stream").replaceChildren();
    byID("figures").replaceChildren();
    state.tokens = [];
    state.chosen = -1;
    experts.reset();
    this.started = performance.now();
    this.follow();
  }

  take(chunk) {
    for (const choice of chunk.choices) {
      for (const token of chunk.tokens ?? []) this.token(token);
      const delta = choice.delta;
      if (delta.reasoning_content) this.think(delta.reasoning_content);
      if (delta.content) this.write(delta.content);
      for (const image of delta.images ?? []) this.image(image.image_url.url);
      if (delta.audio) this.sound("data:audio/wav;base64," + delta.audio.data);
    }
    for (const remark of chunk.remarks ?? []) this.remark(remark);
    if (chunk.timings) this.timings = chunk.timings;
    if (chunk.usage) this.usage = chunk.usage;
    this.figures();
  }

  write(text) {
    this.words ??= this.turn.appendChild(element("p"));
    this.words.textContent += text;
    this.message.content += text;
    this.follow();
  }

  think(text) {
    this.thought ??= this.turn.appendChild(element("p", { className: "thought" }));
    this.thought.textContent += text;
    this.message.reasoning_content = this.thought.textContent;
    this.follow();
  }

  image(url) {
    const image = element("img", { src: url, alt: "A picture that the model drew" });
    this.canvas ? this.canvas.replaceWith(image) : this.turn.append(image);
    this.canvas = this.words = null;
    this.media.push({ type: "image_url", image_url: { url } });
    this.follow();
  }

  sound(url) {
    this.turn.append(element("audio", { src: url, controls: true }));
    this.words = null;
    this.media.push({ type: "input_audio", input_audio: { data: url.split(",")[1], format: "wav" } });
    this.follow();
  }

  remark(text) { this.turn.append(element("p", { className: "remark", textContent: text })); }
  fail(text) { this.turn.append(element("p", { className: "error", textContent: text })); }

  token(token) {
    const index = state.tokens.push(token) - 1;
    const box = element("i", { className: token.modality, textContent: token.piece.replaceAll("\n", "⏎") || "·" });
    box.setAttribute("role", "option");
    box.onmouseenter = () => choose(index);
    byID("stream").append(box);
    byID("stream").scrollTop = byID("stream").scrollHeight;
    experts.add(token);
    if (token.patch) this.patch(token.patch);
  }

  // A picture grows patch by patch: what is not there yet stays empty.
  patch(patch) {
    const pixels = Uint8Array.from(atob(patch.pixels), (letter) => letter.charCodeAt(0));
    const side = Math.round(Math.sqrt(pixels.length / 3));
    if (!this.canvas) {
      this.canvas = element("canvas", { width: patch.width * side, height: patch.height * side });
      this.canvas.setAttribute("role", "img");
      this.canvas.setAttribute("aria-label", "A picture that is being drawn");
      this.turn.append(this.canvas);
      this.follow();
    }
    const image = new ImageData(side, side);
    for (let index = 0; index < side * side; index++) {
      image.data.set([pixels[index * 3], pixels[index * 3 + 1], pixels[index * 3 + 2], 255], index * 4);
    }
    const [row, column] = [Math.floor(patch.index / patch.width), patch.index % patch.width];
    this.canvas.getContext("2d").putImageData(image, column * side, row * side);
  }

  figures() {
    const figures = [["Tokens written", state.tokens.length]];
    if (this.usage) {
      const details = this.usage.prompt_tokens_details;
      const kinds = ["text", "image", "audio"].filter((kind) => details[kind + "_tokens"]);
      figures.push(["Tokens read", kinds.map((kind) => `${details[kind + "_tokens"]} ${kind}`).join(", ")]);
      if (details.cached_tokens) figures.push(["of them found again", details.cached_tokens]);
    }
    if (this.timings) {
      figures.push(["First token after", `${this.timings.first_token_ms.toFixed(0)} ms`]);
      if (this.timings.predicted_per_second) {
        figures.push(["Tokens a second", this.timings.predicted_per_second.toFixed(0)]);
      }
    }
    byID("figures").replaceChildren(...figures.flatMap(([name, value]) => [
      element("dt", { textContent: name }), element("dd", { textContent: value }),
    ]));
  }

  end() {
    if (this.media.length) {
      const text = this.message.content;
      this.message.content = [...(text ? [{ type: "text", text }] : []), ...this.media];
    }
    if (this.message.content.length) state.messages.push(this.message); else state.messages.pop();
    if (!this.turn.childElementCount) this.fail("There is nothing in the answer.");
    experts.settle();
    this.follow();
  }

  follow() { this.turn.scrollIntoView({ block: "end" }); }
}

// One token, looked at.

function choose(index) {
  const boxes = byID("stream").children;
  if (!boxes[index]) return;
  boxes[state.chosen]?.classList.remove("now");
  boxes[state.chosen]?.removeAttribute("aria-selected");
  state.chosen = index;
  boxes[index].classList.add("now");
  boxes[index].setAttribute("aria-selected", "true");
  boxes[index].scrollIntoView({ block: "nearest" });
  const token = state.tokens[index];
  const parts = [`${index + 1}. ${JSON.stringify(token.piece)}`, `id ${token.id}`, token.modality];
  if (token.experts) parts.push("experts " + token.experts.map((layer) => layer.join("+")).join(" · "));
  byID("token").textContent = parts.join(", ");
  experts.show(token);
}

byID("stream").addEventListener("keydown", (event) => {
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10, Home: -1e9, End: 1e9 };
  if (!(event.key in steps) || !state.tokens.length) return;
  event.preventDefault();
  choose(Math.max(0, Math.min(state.tokens.length - 1, state.chosen + steps[event.key])));
});

// The experts: a row for each layer, a cell for each expert, darker the more tokens went to it, the present one framed.
const experts = {
  counts: [], now: null, isDue: false,

  reset() {
    const { n_layer: layers = 0, n_expert: count = 0 } = model().meta ?? {};
    this.counts = Array.from({ length: count ? layers : 0 }, () => new Array(count).fill(0));
    this.now = null;
    byID("experts").style.height = Math.min(20, Math.max(5, layers * 1.6)) + "rem";
    this.draw();
  },

  add(token) {
    token.experts?.forEach((layer, row) => layer.forEach((expert) => { if (this.counts[row]) this.counts[row][expert]++; }));
    this.show(token);
  },

  show(token) {
    this.now = token;
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => { this.isDue = false; this.draw(); });
  },

  settle() {
    const used = this.counts.flat().filter((count) => count > 0).length;
    byID("experts-note").textContent = this.counts.length
      ? `${used} of ${this.counts.flat().length} were used; a row is a layer, from the first.` : "";
  },

  draw() {
    const canvas = byID("experts");
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * scale, canvas.clientHeight * scale];
    if (!width || !height) return;
    Object.assign(canvas, { width, height });
    const style = getComputedStyle(document.documentElement);
    const context = canvas.getContext("2d");
    const most = Math.max(1, ...this.counts.flat());
    const colour = style.getPropertyValue("--" + (this.now?.modality ?? "text"));
    this.counts.forEach((row, layer) => {
      const [w, h] = [width / row.length, height / this.counts.length];
      const gap = Math.min(3 * scale, w / 5);
      row.forEach((count, expert) => {
        const box = [expert * w, layer * h, w - gap, h - gap];
        context.globalAlpha = 1;
        context.fillStyle = style.getPropertyValue("--cell");
        context.fillRect(...box);
        context.globalAlpha = .75 * Math.sqrt(count / most);
        context.fillStyle = style.getPropertyValue("--accent");
        context.fillRect(...box);
        if (!this.now?.experts?.[layer]?.includes(expert)) return;
        context.globalAlpha = 1;
        context.strokeStyle = colour;
        context.lineWidth = 3 * scale;
        context.strokeRect(box[0] + 1.5 * scale, box[1] + 1.5 * scale, box[2] - 3 * scale, box[3] - 3 * scale);
      });
    });
  },
};

// What a person does.

byID("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (state.answering) state.answering.abort(); else ask();
});
byID("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    ask();
  }
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") state.answering?.abort(); });
byID("new").onclick = () => {
  state.answering?.abort();
  state.messages = [];
  state.attachments = [];
  showAttachments();
  showStart();
  byID("question").focus();
};
byID("attach").onclick = () => byID("file").click();
byID("file").onchange = () => { attach([...byID("file").files]); byID("file").value = ""; };
byID("record").onclick = record;
byID("model").onchange = () => byID("new").onclick();
byID("model").addEventListener("change", showModel);
byID("key").onchange = loadModels;
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); byID("composer").classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); byID("composer").classList.remove("over"); });
}
document.addEventListener("drop", (event) => attach([...event.dataTransfer.files]));
document.addEventListener("paste", (event) => { if (event.clipboardData.files.length) attach([...event.clipboardData.files]); });
window.addEventListener("resize", () => experts.draw());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => experts.draw());

loadModels();
