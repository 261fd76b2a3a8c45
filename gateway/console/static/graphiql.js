// Starts the editor: it asks our own address, keeps nothing in the browser, and says what its boxes are.
const nowhere = { getItem: () => null, setItem: () => {}, removeItem: () => {}, clear: () => {}, length: 0 };
const root = document.getElementById("graphiql");
ReactDOM.createRoot(root).render(
  React.createElement(
    GraphiQL,
    {
      fetcher: GraphiQL.createFetcher({ url: "/console/graphql/ask" }),
      storage: nowhere,
      isHeadersEditorEnabled: false,
      defaultQuery: "# 家庭编号 or 身份号码; your purpose and case go with it\nquery Household($number: ID) {\n  household(number: $number) {\n    number\n    members { relation kind }\n  }\n}\n",
    },
    React.createElement(GraphiQL.Logo, null, "GraphiQL"),
  ),
);
// The editor's hidden text boxes have no names, its answer cannot be scrolled by keyboard, and its tabs are buttons
// inside of tabs, which no screen reader reads: they become a list of buttons.
const boxes = [
  [".graphiql-query-editor", "query"],
  [".graphiql-editor-tool", "variables"],
  [".result-window", "answer"],
];
new MutationObserver(() => {
  for (const [place, name] of boxes) {
    for (const box of root.querySelectorAll(`${place} .CodeMirror textarea:not([aria-label])`)) {
      box.setAttribute("aria-label", root.dataset[name]);
    }
  }
  for (const box of root.querySelectorAll(".CodeMirror-scroll:not([tabindex='0'])")) box.tabIndex = 0;
  for (const tab of root.querySelectorAll("[role=tablist]")) tab.setAttribute("role", "list");
  for (const tab of root.querySelectorAll("[role=tab]")) {
    tab.setAttribute("role", "listitem");
    tab.removeAttribute("aria-selected");
  }
}).observe(root, { childList: true, subtree: true, attributeFilter: ["role", "aria-selected"] });
