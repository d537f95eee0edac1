import { NavLink, Stack } from "@mantine/core";
import {
  IconCpu,
  IconHistory,
  IconKey,
  IconLayoutDashboard,
  IconPackage,
  IconRocket,
  IconSettings,
  IconStack2,
  IconTopologyStar3,
  IconUsers,
} from "@tabler/icons-react";
import { Link, useLocation } from "react-router";
import { useSession } from "~/api/hooks";
import type { WordKey } from "~/words/catalogue";
import { useWords } from "~/words/useWords";
import classes from "./Shell.module.css";

interface Entry {
  to: string;
  title: WordKey;
  icon: typeof IconCpu;
  /** An Action without which the page shows nothing. */
  needs?: string;
}

const ENTRIES: Entry[] = [
  { to: "/", title: "overview.title", icon: IconLayoutDashboard },
  { to: "/rollouts", title: "rollouts.title", icon: IconRocket },
  { to: "/firmware", title: "firmware.title", icon: IconPackage, needs: "ListOTAFirmware" },
  { to: "/devices", title: "devices.title", icon: IconCpu },
  { to: "/groups", title: "groups.title", icon: IconTopologyStar3, needs: "QueryDeviceGroupList" },
  { to: "/products", title: "products.title", icon: IconStack2, needs: "QueryProductList" },
  { to: "/keys", title: "keys.title", icon: IconKey, needs: "XListAccessKeys" },
  { to: "/users", title: "users.title", icon: IconUsers, needs: "XListConsoleUsers" },
  { to: "/audit", title: "audit.title", icon: IconHistory, needs: "XListAuditEvents" },
  { to: "/settings", title: "settings.title", icon: IconSettings },
];

/** The pages that this user can do something with. */
export function Navigation() {
  const { t } = useWords();
  const { data: session } = useSession();
  const { pathname } = useLocation();
  const shown = ENTRIES.filter(({ needs }) => needs === undefined || session?.actions.includes(needs));
  return (
    <Stack gap={2}>
      {shown.map(({ to, title, icon: Icon }) => {
        const isHere = to === "/" ? pathname === "/" : pathname === to || pathname.startsWith(`${to}/`);
        return (
          <NavLink
            key={to}
            component={Link}
            to={to}
            label={t(title)}
            leftSection={<Icon size={19} stroke={1.7} aria-hidden />}
            active={isHere}
            aria-current={isHere ? "page" : undefined}
            className={classes.link}
          />
        );
      })}
    </Stack>
  );
}
