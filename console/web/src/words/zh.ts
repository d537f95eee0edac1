import { gather } from "./catalogue";

export default gather(import.meta.glob("./zh/*.json", { eager: true, import: "default" }));
