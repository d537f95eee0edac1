import { type ComponentType, lazy } from "react";
import { Route, Routes } from "react-router";
import { Gate } from "./Gate";
import { Shell } from "./Shell";

// One file a page, fetched when somebody goes there: the first load is the shell and one page.
const pages: [string, ComponentType][] = [
  ["/", lazy(() => import("~/pages/overview/OverviewPage"))],
  ["/products", lazy(() => import("~/pages/products/ProductsPage"))],
  ["/products/:productKey", lazy(() => import("~/pages/products/ProductPage"))],
  ["/devices", lazy(() => import("~/pages/devices/DevicesPage"))],
  ["/devices/:productKey/:deviceName", lazy(() => import("~/pages/devices/DevicePage"))],
  ["/firmware", lazy(() => import("~/pages/firmware/FirmwarePage"))],
  ["/firmware/new", lazy(() => import("~/pages/firmware/NewFirmwarePage"))],
  ["/firmware/:firmwareId", lazy(() => import("~/pages/firmware/OneFirmwarePage"))],
  ["/rollouts", lazy(() => import("~/pages/rollouts/RolloutsPage"))],
  ["/rollouts/new", lazy(() => import("~/pages/rollouts/NewRolloutPage"))],
  ["/rollouts/:jobId", lazy(() => import("~/pages/rollouts/RolloutPage"))],
  ["/groups", lazy(() => import("~/pages/groups/GroupsPage"))],
  ["/groups/:groupId", lazy(() => import("~/pages/groups/GroupPage"))],
  ["/keys", lazy(() => import("~/pages/keys/KeysPage"))],
  ["/users", lazy(() => import("~/pages/users/UsersPage"))],
  ["/audit", lazy(() => import("~/pages/audit/AuditPage"))],
  ["/settings", lazy(() => import("~/pages/settings/SettingsPage"))],
  ["/me", lazy(() => import("~/pages/me/MePage"))],
  ["*", lazy(() => import("~/pages/missing/MissingPage"))],
];
const SignInPage = lazy(() => import("~/pages/signing/SignInPage"));
const WelcomePage = lazy(() => import("~/pages/signing/WelcomePage"));

export function AllRoutes() {
  return (
    <Routes>
      <Route path="/sign-in" element={<SignInPage />} />
      <Route path="/welcome" element={<WelcomePage />} />
      <Route
        element={
          <Gate>
            <Shell />
          </Gate>
        }
      >
        {pages.map(([path, Page]) => (
          <Route key={path} path={path} element={<Page />} />
        ))}
      </Route>
    </Routes>
  );
}
