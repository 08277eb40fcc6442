// A form drawn from the JSON Schema of a sign-up: flat, each member one of the kinds below, in the order of the schema.
// It knows no server. What is wrong with an answer is not judged here but told to show, so that there is one judge.

export class Form {
  // answers are those given before, by name, and proposals may stand where there is none.
  constructor(schema, answers, proposals) {
    this.schema = schema;
    this.fields = Object.entries(schema.properties).map(([name, property]) =>
      new Field(name, property, schema.required.includes(name), answers[name], proposals[name]));
    this.element = make("div", { className: "fields" });
    this.element.append(...this.fields.map((field) => field.element));
  }

  // speak says everything in a language; words are those of texts.js.
  speak(language, words) {
    for (const field of this.fields) field.speak(language, words.form);
  }

  title(language) {
    return labelOf(this.schema, language) ?? "";
  }

  // answers are those that the person gave. What was left empty is not among them.
  answers() {
    return Object.fromEntries(this.fields.map((field) => [field.name, field.read()]).filter(([, value]) => value !== undefined));
  }

  // changes are the answers that differ from those of before, as a JSON merge patch: null takes one away.
  changes() {
    const changed = this.fields.filter((field) => JSON.stringify(field.read()) !== JSON.stringify(field.before));
    return Object.fromEntries(changed.map((field) => [field.name, field.read() ?? null]));
  }

  // keep takes the answers for those of before.
  keep() {
    for (const field of this.fields) field.before = field.read();
  }

  // missing are problems with what is required and not there, as a server tells them.
  missing() {
    const empty = this.fields.filter((field) => field.required && field.read() === undefined);
    return empty.map(({ name }) => ({ pointer: `/${name}`, code: "required" }));
  }

  // show puts problems to their fields, takes away those of before, and goes to the first. One that is about no field is
  // for the page to tell.
  show(problems) {
    for (const field of this.fields) field.problem = problems.find(({ pointer }) => pointer.split("/")[1] === field.name)?.code;
    this.fields.find((field) => field.problem)?.focus();
  }
}

// Field is one member: its control, which has value at first, what it is called, and what is wrong with it.
class Field {
  #words;
  #problem;

  constructor(name, property, required, before, proposal) {
    Object.assign(this, { name, property, required, before, value: before ?? proposal });
    this.control = kindOf(property)(this);
    this.note = make("p", { id: `${name}-note`, className: "quiet", textContent: property.description ?? "" });
    this.message = make("p", { id: `${name}-problem`, className: "problem" });
    this.message.dataset.testid = `problem-${name}`;
    this.note.hidden = !property.description;
    for (const input of this.control.inputs) input.setAttribute("aria-describedby", `${name}-note ${name}-problem`);
    this.element = make("div", { className: "field" });
    this.element.append(...this.control.parts, this.note, this.message);
  }

  read() {
    return this.control.read();
  }

  focus() {
    this.control.inputs[0].focus();
  }

  get problem() {
    return this.#problem;
  }

  set problem(code) {
    this.#problem = code;
    for (const input of this.control.inputs) input.ariaInvalid = code ? "true" : "false";
    this.#sayProblem();
  }

  speak(language, words) {
    this.#words = words;
    this.control.speak(labelOf(this.property, language) ?? this.name, language, words);
    this.#sayProblem();
  }

  #sayProblem() {
    this.message.hidden = !this.#problem;
    this.message.textContent = this.#problem ? (this.#words.problems[this.#problem] ?? this.#words.unknownProblem)(this.property) : "";
  }
}

// ---- The kinds of members. Each makes a control: its parts, its inputs, how to read it, and how to say it in a language.

function kindOf({ type, format, enum: values, "x-consent": consent }) {
  if (type === "array") return choices;
  if (type === "integer") return integer;
  if (type === "boolean") return consent ? agreement : yesOrNo;
  if (values) return choice;
  return format === "date" ? date : text;
}

// A text goes in normal form C, which is asked for, and without the space that keyboards leave at the end. How long it
// may be is not told to the input, for that counts otherwise and cuts off silently.
function text(field) {
  const input = make("input", { type: "text", value: field.value ?? "" });
  if (field.property.format === "nickname") input.autocomplete = "nickname";
  return labelled(field, input, () => input.value.trim().normalize("NFC") || undefined);
}

function date(field) {
  const input = make("input", { type: "date", value: field.value ?? "", max: "9999-12-31" });
  if (field.property["x-minimum-age"]) input.autocomplete = "bday";
  return labelled(field, input, () => input.value || undefined);
}

// What is no number goes as it is, and comes back as a problem.
function integer(field) {
  const input = make("input", { type: "text", value: field.value ?? "" });
  if (field.property.minimum >= 0) input.inputMode = "numeric"; // such keyboards may have no minus
  return labelled(field, input, () => {
    const value = input.value.trim();
    return /^-?\d+$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : value || undefined;
  });
}

function choice(field) {
  const { enum: values, "x-enum-labels": labels } = field.property;
  return selection(field, values, (value, language) => inLanguage(labels?.[value], language) ?? value);
}

function yesOrNo(field) {
  return selection(field, [true, false], (value, language, words) => words[value ? "yes" : "no"]);
}

// selection is a list to choose one of; the first item is no answer.
function selection(field, values, label) {
  const select = make("select");
  select.append(make("option"), ...values.map((_, i) => make("option", { value: String(i) })));
  select.selectedIndex = values.indexOf(field.value) + 1;
  const control = labelled(field, select, () => values[select.selectedIndex - 1]);
  const speak = (name, language, words) => {
    control.speak(name, language, words);
    [words.choose, ...values.map((value) => label(value, language, words))].forEach((said, i) => { select.options[i].textContent = said });
  };
  return { ...control, speak };
}

function choices(field) {
  const { enum: values, "x-enum-labels": labels } = field.property.items;
  const boxes = values.map((value) => ticked(`${field.name}-${value}`, field.value?.includes(value)));
  const group = make("fieldset");
  const legend = make("legend");
  group.append(legend, ...boxes.map(({ row }) => row));
  return {
    parts: [group],
    inputs: boxes.map(({ box }) => box),
    read: () => {
      const chosen = values.filter((_, i) => boxes[i].box.checked);
      return chosen.length > 0 || field.required ? chosen : undefined;
    },
    speak: (name, language, words) => {
      legend.textContent = field.required ? name : words.optional(name);
      boxes.forEach(({ label }, i) => { label.textContent = inLanguage(labels?.[values[i]], language) ?? values[i] });
    },
  };
}

// An agreement that was seen and not given is a no. Nothing is ticked beforehand but what the person agreed to before.
function agreement(field) {
  const { version, url } = field.property["x-consent"];
  const { box, label, row } = ticked(field.name, field.value);
  box.ariaRequired = field.property.const === true;
  const about = make("p", { className: "quiet about" });
  const said = make("span");
  const link = make("a", { href: url ?? "", target: "_blank", rel: "noopener", hidden: !url });
  about.append(said, " ", link);
  return {
    parts: [row, about],
    inputs: [box],
    read: () => box.checked,
    speak: (name, language, words) => {
      label.textContent = name;
      said.textContent = words.version(version);
      link.textContent = words.readIt;
      link.ariaLabel = `${words.readIt}: ${name}`;
    },
  };
}

function ticked(id, checked = false) {
  const box = make("input", { id: `field-${id}`, type: "checkbox", checked });
  box.dataset.testid = `field-${id}`;
  const label = make("label", { htmlFor: box.id });
  const row = make("div", { className: "tick" });
  row.append(box, label);
  return { box, label, row };
}

// labelled is a control of one input under its label.
function labelled(field, input, read) {
  input.id = `field-${field.name}`;
  input.dataset.testid = input.id;
  input.ariaRequired = field.required;
  const label = make("label", { htmlFor: input.id });
  const speak = (name, language, words) => { label.textContent = field.required ? name : words.optional(name) };
  return { parts: [label, input], inputs: [input], read, speak };
}

// ---- Words and nodes.

const labelOf = (part, language) => inLanguage(part["x-labels"], language) ?? part.title;

// inLanguage falls back on English, and then on whatever language there is.
const inLanguage = (labels = {}, language) => labels[language] ?? labels.en ?? Object.values(labels)[0];

const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
