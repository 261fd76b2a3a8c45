// Starts the editor: it asks our own address, and keeps nothing in the browser.
const nowhere = { getItem: () => null, setItem: () => {}, removeItem: () => {}, clear: () => {}, length: 0 };
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "/console/graphql/ask" }),
    storage: nowhere,
    defaultQuery: "# 家庭编号 or 身份号码; your purpose and case go with it\nquery Household($number: ID) {\n  household(number: $number) {\n    number\n    members { relation kind }\n  }\n}\n",
  }),
);
