import { catalogue } from "../words/catalogue";

/** What the office's pages are called in the navigation: known before their code is loaded. */
export const titles = catalogue(
  { ledger: "台账", reports: "指标报表", triage: "诉求分拨", plans: "巡查与项目", admin: "管理" },
  { ledger: "Ledger", reports: "Reports", triage: "Triage", plans: "Inspections and projects", admin: "Admin" },
);
