"use strict";
const at = (id) => document.getElementById(id);
const examples = at("texts").content.textContent.split(/^### */m).map((text) => text.trim()).filter(Boolean);
at("choice").hidden = examples.length === 0;
for (const [index, text] of examples.entries()) {
  const title = text.split("\n", 1)[0].replace(/^#\s*/, "");
  at("examples").append(new Option(title.slice(0, 80), index));
}
// the title becomes a comment, so that an example runs as it stands
const show = (index) => {
  const text = examples[index] ?? "{ __typename }";
  at("query").value = /^[#{]|^(query|mutation|fragment)\b/.test(text) ? text : "# " + text;
};
const given = new URLSearchParams(location.search);
show(0);
if (given.get("query")) at("query").value = given.get("query");
if (given.get("variables")) at("variables").value = given.get("variables");
at("examples").addEventListener("change", (event) => show(event.target.value));

async function run() {
  at("status").value = "…";
  let variables;
  try {
    variables = at("variables").value.trim() ? JSON.parse(at("variables").value) : undefined;
  } catch {
    at("status").value = "";
    at("answer").textContent = "Phần biến không phải JSON hợp lệ.";
    return;
  }
  const headers = {
    "content-type": "application/json",
    accept: "application/graphql-response+json, application/json;q=0.9",
    "accept-language": at("language").value,
  };
  if (at("token").value.trim()) headers.authorization = "Bearer " + at("token").value.trim();
  const begun = performance.now();
  try {
    const body = JSON.stringify({ query: at("query").value, variables });
    const answer = await fetch("/graphql", { method: "POST", headers, body });
    const json = await answer.json();
    at("status").value = answer.status + " · " + Math.round(performance.now() - begun) + " ms";
    at("answer").textContent = JSON.stringify(json, null, 2);
    // whoever logs in here goes on as that account; the token stays in this page
    if (json.data?.login?.accessToken) at("token").value = json.data.login.accessToken;
  } catch (error) {
    at("status").value = "";
    at("answer").textContent = "Không gửi được: " + error;
  }
}
at("run").addEventListener("click", run);
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
