# Sourced by the scripts beside it: `project DIR` makes DIR/compose.yaml, 300 lines of twenty services that share a login.
project() {
  mkdir -p "$1"
  {
    echo "services:"
    for n in $(seq 1 20); do
      cat <<SERVICE
  service-$n:
    image: factory/agents:1.4
    environment:
      HOME: /home/agent
      LOG_LEVEL: \${LOG_LEVEL:-info}
      QUEUE: amqp://queue:5672
    labels:
      com.example.team: factory
    restart: unless-stopped
    volumes:
      - /srv/claude:/home/agent/.claude
      - ./work:/work
    entrypoint: ["flock", "-w", "600", "/home/agent/.claude/session.lock", "claude", "-p"]
    command: ["next task"]
    networks: [default]
SERVICE
    done
  } > "$1/compose.yaml"
}
