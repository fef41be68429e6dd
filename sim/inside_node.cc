#include "sim/inside_node.h"

extern "C" {
int orrery_sim_inside_node = 0;
}

namespace orrery::sim {
namespace {
NodeContext* current_context = nullptr;
}  // namespace

InsideNode::InsideNode(NodeContext* context) : outer_(current_context) {
  current_context = context;
  ++orrery_sim_inside_node;
}
InsideNode::~InsideNode() {
  --orrery_sim_inside_node;
  current_context = outer_;
}
NodeContext* InsideNode::Current() {
  return current_context;
}

OutsideNode::OutsideNode() : outer_(orrery_sim_inside_node) {
  orrery_sim_inside_node = 0;
}
OutsideNode::~OutsideNode() {
  orrery_sim_inside_node = outer_;
}

}  // namespace orrery::sim
