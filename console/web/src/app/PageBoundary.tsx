import { Component, type ReactNode } from "react";
import { ErrorNote } from "~/parts/ErrorNote";

/** A page that breaks leaves the rest of the console standing. */
export class PageBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    // A page that cannot be fetched is most often one of an older build: the newer one is a reload away.
    return <ErrorNote error={this.state.error} onRetry={() => window.location.reload()} />;
  }
}
