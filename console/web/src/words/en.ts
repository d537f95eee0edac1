import { gather } from "./catalogue";

export default gather(import.meta.glob("./en/*.json", { eager: true, import: "default" }));
